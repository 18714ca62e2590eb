"""What is known of each provider, as rows for a table or for JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from faregate.config.settings import CommandKey, EnvKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from faregate.config.keys import Keys
    from faregate.config.settings import ProviderChoice
    from faregate.control.smoke_runs import SmokeRunView
    from faregate.providers.spec import ProviderSpec
    from faregate.smoke.balance.values import Balance, NoBalance

_SPEAKS = {
    "openai_chat": "chat",
    "openai_responses": "resp",
    "anthropic_messages": "msgs",
    "gemini": "gemini",
}
_SHORT = {"READY WITH LIMITATIONS": "LIMITED"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is left at a provider; amounts are decimal text in `unit`."""

    remaining: str | None
    unit: str | None
    words: str
    blocked: bool = False
    resets_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSmoke:
    """The newest smoke test of any of a provider's models."""

    target: str
    at: str
    profile: str
    readiness: str
    cause: str | None
    """The first probe that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One provider as it is listed."""

    name: str
    title: str
    key: bool
    keyless: bool
    """It answers without a key, as a server on this machine does."""
    key_source: str
    base_url: str
    protocols: tuple[str, ...]
    billing: str
    configured: bool
    region: str
    regions: tuple[str, ...]
    signup: str
    notes: tuple[str, ...]
    balance: Left | None
    last_smoke: LastSmoke | None


def row_of(
    choice: ProviderChoice,
    keys: Keys,
    running: frozenset[str] | None,
    runs: Sequence[SmokeRunView],
    balance: Balance | NoBalance | None,
) -> Row:
    """Return one provider; `running` names those for which the proxy has a key."""
    spec = choice.spec
    here = keys.found.get(spec.name)
    urls = tuple(spec.base_urls.values())
    return Row(
        name=spec.name,
        title=spec.title,
        key=here is not None if running is None else spec.name in running,
        keyless=choice.keyless,
        key_source=here.source if here else _source(choice),
        base_url=urls[0] if urls else "",
        protocols=tuple(spec.base_urls),
        billing=spec.billing.value,
        configured=choice.configured,
        region=choice.region or _usual_region(spec),
        regions=tuple(sorted(spec.regions)),
        signup=spec.signup,
        notes=notes_of(spec),
        balance=None if balance is None else _left(balance),
        last_smoke=_last(spec.name, runs),
    )


def cells(row: Row, *, with_balance: bool) -> tuple[str, ...]:
    """Return a row of the table."""
    smoke = row.last_smoke
    verdict = "-" if smoke is None else _SHORT.get(smoke.readiness, smoke.readiness)
    if smoke is not None and smoke.cause is not None:
        verdict += f" ({smoke.cause})"
    shown = (
        row.name,
        "yes" if row.key else "no need" if row.keyless else "no",
        row.key_source,
        ",".join(_SPEAKS.get(name, name) for name in row.protocols),
        row.region or "-",
        verdict,
        "-" if smoke is None else _local(smoke.at),
    )
    if not with_balance:
        return shown
    return (*shown, "-" if row.balance is None else row.balance.words)


def header(*, with_balance: bool) -> tuple[str, ...]:
    """Return the names of the columns."""
    names = ("PROVIDER", "KEY", "FROM", "SPEAKS", "REGION", "VERDICT", "SMOKE")
    return (*names, "BALANCE") if with_balance else names


def signup_lines(rows: Iterable[Row]) -> list[str]:
    """Return where a key is had and what to know before, a few lines a provider."""
    lines: list[str] = []
    for row in rows:
        if lines:
            lines.append("")
        lines.append(f"{row.name}: {row.title}")
        lines.append(f"  sign up  {row.signup or 'no address is known'}")
        if row.key_source != "needs none":
            lines.append(f"  key      {row.key_source}")
        lines += [f"  note     {note}" for note in row.notes]
    return lines


def notes_of(spec: ProviderSpec) -> tuple[str, ...]:
    """Return what the catalogue knows that matters before one signs up."""
    notes = []
    if spec.billing.value == "subscription":
        notes.append("a subscription: tokens and quota are counted, not dollars")
    if spec.local:
        notes.append("runs on this machine and costs nothing")
    if len(spec.regions) > 1:
        names = ", ".join(sorted(spec.regions))
        notes.append(f"choose before you sign up: {names}; keys may not be shared")
    elif spec.regions:
        notes.append(f"another address for: {', '.join(spec.regions)}")
    if spec.balance is not None and spec.balance.plan_only:
        notes.append("what is left is told for a plan's key only")
    elif spec.balance is None and not spec.local:
        notes.append("does not tell an ordinary key what is left")
    for old, new in sorted(spec.retired.items()):
        notes.append(f"{old} is retired: use {new}")
    return tuple(notes)


def _usual_region(spec: ProviderSpec) -> str:
    same = [
        name
        for name, urls in spec.regions.items()
        # A region with prices of its own is never the one that nobody chose.
        if name not in spec.region_multipliers
        and all(spec.base_urls.get(protocol) == url for protocol, url in urls.items())
    ]
    return min(same, default="")


def _left(found: Balance | NoBalance) -> Left:
    # Loaded here: listing keys has no use for it.
    from faregate.smoke.balance.burn import plain
    from faregate.smoke.balance.values import Balance
    from faregate.smoke.balance.words import balance_words

    words = balance_words(found)
    if not isinstance(found, Balance):
        return Left(remaining=None, unit=None, words=words)
    resets = found.resets_at
    return Left(
        remaining=plain(found.remaining),
        unit=found.unit.value,
        words=words,
        blocked=found.blocked,
        resets_at=None if resets is None else resets.isoformat(),
    )


def _last(provider: str, runs: Sequence[SmokeRunView]) -> LastSmoke | None:
    own = [run for run in runs if run.provider == provider]
    if not own:
        return None
    run = max(own, key=lambda one: one.at)
    cause = run.cause
    return LastSmoke(
        target=run.target,
        at=run.at,
        profile=run.profile,
        readiness=run.readiness,
        cause=None if cause is None else cause.id,
    )


def _local(at: str) -> str:
    try:
        return f"{datetime.fromisoformat(at).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return "?"


def _source(choice: ProviderChoice) -> str:
    match choice.key:
        case EnvKey(names):
            return names[0] if names else "needs none"
        case CommandKey():
            return "key_command"
        case _:
            return "keyring"


def by_provider(rows: Mapping[str, Row], names: Sequence[str]) -> list[Row]:
    """Return the named rows, or all, in order of their names."""
    chosen = names or sorted(rows)
    return [rows[name] for name in dict.fromkeys(chosen)]
