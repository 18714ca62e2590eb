"""`faregate budget`: show or set caps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from faregate.cli import figures, output
from faregate.cli.behind import changed_since_start, tell
from faregate.cli.confirm import require_person
from faregate.cli.durations import LASTING, seconds_of
from faregate.cli.failures import START_HINT
from faregate.config.kinds import Cap, NotThisKind
from faregate.config.load import load
from faregate.config.overrides import set_cap
from faregate.config.paths import find_paths
from faregate.config.problems import did_you_mean
from faregate.config.schema import BudgetsKeys
from faregate.config.sections.budgets import SHORT_SLOTS, Slot, unusable
from faregate.config.values import WINDOWS
from faregate.control.client import ControlClient
from faregate.control.errors import ControlError, ProxyNotRunning
from faregate.control.models import BudgetView, SetBudget
from faregate.core.money import Money
from faregate.core.windows import WindowKind

if TYPE_CHECKING:
    from faregate.config.paths import Paths
    from faregate.config.settings import Settings

_WORDS = {
    **SHORT_SLOTS,
    "weekly": Slot("global", None, WindowKind.WEEK),
    "total": Slot("global", None, WindowKind.TOTAL),
}
_BELOW_ZERO = re.compile(r"(-\s*\$?|\$\s*-)\s*[\d.,]+(\s*USD)?")
_NO_LIMIT = frozenset({"none", "unlimited", "off"})


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def budget(ctx: click.Context, as_json: bool) -> int:
    """Show or set caps."""
    return show_budgets(as_json=as_json) if ctx.invoked_subcommand is None else 0


@budget.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def show(as_json: bool) -> int:
    """Show every budget, with what was spent when the proxy runs."""
    return show_budgets(as_json=as_json)


class _Sets(click.Command):
    """Takes an amount below zero for an amount, not for an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse it in words."""
        below = next((arg for arg in args if _BELOW_ZERO.fullmatch(arg)), None)
        if below is not None:
            raise click.UsageError(negative(below))
        return super().parse_args(ctx, args)


def negative(text: str) -> str:
    """Return what is wrong with an amount below zero, and how to write one."""
    return (
        f"{text} is below zero: a cap is an amount of USD from 0 on, as in faregate "
        "budget set monthly 5. 0 refuses every request that costs money, none takes "
        "the cap away"
    )


@budget.command(name="set", cls=_Sets)
@click.argument("target")
@click.argument("amount")
@click.option(
    "--window",
    type=click.Choice(WINDOWS),
    help="The window of a scope's budget.  [default: month]",
)
@click.option(
    "--for",
    "lasting",
    metavar="TIME",
    help="Raise it for a while only, as in 30m, 2h or 3d.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def set_(
    target: str, amount: str, window: str | None, lasting: str | None, as_json: bool
) -> int:
    """Set a cap: faregate budget set monthly 50.

    TARGET is monthly, daily, weekly, total, session, or a scope such as
    agent:codex, workspace:web, model:NAME. AMOUNT is in USD, or none.
    Lowering is free; raising needs a person at a terminal.
    """
    slot = slot_of(target, window)
    cap = Cap(amount_of(amount))
    for_s = None if lasting is None else seconds_of(lasting, "--for", LASTING)
    paths = find_paths()
    before = _limit_now(load(paths), slot)
    raises = is_raise(before, cap)
    if for_s is not None and not raises:
        raise click.UsageError(f"--for goes with a raise; it is {_shown(before)} now")
    confirmed = _confirm(paths, slot, before, cap, lasting) if raises else False
    try:
        request = SetBudget(
            scope=slot.scope,
            window=slot.window.value,
            limit=None if cap.limit is None else cap.limit.exact(),
            for_s=for_s,
        )
        _through_proxy(paths, slot, cap, request, before=before, confirmed=confirmed)
        live = True
    except ProxyNotRunning:
        if for_s is not None:
            raise
        set_cap(paths, slot, cap)
        live = False
    if as_json:
        output.document(
            {
                "scope": slot.scope,
                "window": slot.window.value,
                "limit": None if cap.limit is None else cap.limit.exact(),
                "before": None if before is None else before.exact(),
                "live": live,
                **({} if for_s is None else {"for_s": for_s}),
            }
        )
    else:
        output.result(f"{_name(slot)}: {_shown(cap.limit)}")
    if for_s is not None:
        if not as_json:
            output.note(f"faregate: for {lasting}, then {_shown(before)} again")
    elif not as_json:
        output.note(f"faregate: kept in {paths.overrides}{_hides(paths, slot)}")
    if not live:
        output.note(
            "faregate: no proxy is running; it holds from the next start on, for what "
            "this window has cost already, too"
        )
    return 0


def _hides(paths: Paths, slot: Slot) -> str:
    """Return which value of the configuration a new cap hides; "" for none."""
    name = f"{slot.scope} {slot.window.value}"
    short = {each: word for word, each in SHORT_SLOTS.items()}.get(slot)
    for each in load(paths).hidden:
        if each.key in {f"budget.{short}", f"budgets.{name}"} or name in each.key:
            return f", where it wins over {each.configured} in config.toml"
    return ""


def slot_of(target: str, window: str | None) -> Slot:
    """Read "monthly" or "agent:codex"; raises UsageError for what has no budget."""
    word = _WORDS.get(target)
    if word is not None:
        if window is not None and window != word.window:
            raise click.UsageError(f"{target} has the window {word.window} already")
        return word
    try:
        scope = BudgetsKeys.SCOPE.kind.read(target)
    except NotThisKind as problem:
        guess = did_you_mean(target, _WORDS) or problem.hint
        raise click.UsageError(f"{problem.message}. {guess}") from problem
    slot = Slot(*scope, WindowKind(window or "month"))
    if wrong := unusable(slot):
        raise click.UsageError(wrong)
    return slot


def amount_of(text: str) -> Money | None:
    """Read an amount in USD as a person types it; None for none."""
    if text.lower() in _NO_LIMIT:
        return None
    bare = text.strip().removeprefix("$").removesuffix("USD").strip()
    if _BELOW_ZERO.fullmatch(text.strip()):
        raise click.UsageError(negative(text))
    try:
        # A plain decimal only: no sign, exponent, underscore or thousands mark.
        if not bare.replace(".", "", 1).isdecimal() or not bare.isascii():
            raise ValueError
        amount = Money.usd(bare)
    except ValueError:
        raise click.UsageError(
            f"{text!r} is not an amount in USD; write it like 50 or 49.50, or none"
        ) from None
    if amount and amount < Money.usd("0.000001"):
        raise click.UsageError(f"{text!r} is too small to be meant")
    return amount


def is_raise(before: Money | None, cap: Cap) -> bool:
    """Return whether the change lets more be spent than before."""
    if before is None:
        return False
    return cap.limit is None or cap.limit > before


def show_budgets(*, as_json: bool) -> int:
    """Print every budget; what was spent is known to a running proxy alone."""
    paths = find_paths()
    settings = load(paths)
    try:
        views = ControlClient(paths.socket).status().budgets
        tell(changed_since_start(paths))
    except ProxyNotRunning:
        views = []
        output.note(f"faregate: no proxy is running: limits only. {START_HINT}")
    rows = _rows(settings, views)
    if as_json:
        output.document({"budgets": rows})
    else:
        for line in output.table(
            ("BUDGET", "LIMIT", "SPENT", "HELD", "UNKNOWN", "RESETS"),
            [row.cells() for row in rows],
            align="<>>>><",
        ):
            output.result(line)
    for hidden in settings.hidden:
        # What other commands set is theirs to tell.
        if hidden.key.startswith("budget"):
            output.note(f"faregate: {hidden}")
    for each in views:
        if each.closed:
            output.note(f"faregate: {figures.closed_words(each)}")
        elif each.refusing:
            output.note(_how_to_go_on(each))
        if each.raised_until is not None:
            name = figures.budget_name(each.scope, each.window)
            output.note(f"faregate: {name} is raised until {each.raised_until}")
    return 0


def _how_to_go_on(full: BudgetView) -> str:
    """Return what lets requests through again that a budget refuses."""
    name = figures.budget_name(full.scope, full.window)
    reset = f", or it resets at {full.resets_at}" if full.resets_at else ""
    return (
        f"faregate: {name} refuses requests. To raise it: "
        f"{figures.raise_command(full.scope, full.window)}{reset}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One budget; figures are None while no proxy tells them."""

    scope: str
    window: str
    limit: str | None
    spent: str | None = None
    held: str | None = None
    unknown: str | None = None
    resets_at: str | None = None
    closed: bool = False

    def cells(self) -> tuple[str, ...]:
        return (
            figures.budget_name(self.scope, self.window),
            "no limit" if self.limit is None else figures.usd(self.limit),
            figures.usd(self.spent),
            figures.usd(self.held),
            figures.usd(self.unknown),
            self.resets_at or "-",
        )


def _rows(settings: Settings, views: list[BudgetView]) -> list[_Row]:
    rows = [
        _Row(
            scope=view.scope,
            window=view.window,
            limit=view.limit,
            spent=view.spent,
            held=view.held,
            unknown=view.unknown,
            resets_at=view.resets_at,
            closed=view.closed,
        )
        for view in views
    ]
    seen = {(row.scope, row.window) for row in rows}
    for rule in settings.budget_rules:
        slot = Slot(rule.scope_kind, rule.name, rule.window)
        if (slot.scope, slot.window.value) not in seen:
            window, limit = slot.window.value, rule.limit.exact()
            rows.append(_Row(scope=slot.scope, window=window, limit=limit))
    return rows


def _limit_now(settings: Settings, slot: Slot) -> Money | None:
    for rule in settings.budget_rules:
        if Slot(rule.scope_kind, rule.name, rule.window) == slot:
            return rule.limit
    return None


def _confirm(
    paths: Paths,
    slot: Slot,
    before: Money | None,
    cap: Cap,
    lasting: str | None = None,
) -> bool:
    answer = "none" if cap.limit is None else cap.limit.exact()
    return require_person(
        paths,
        f"Raise the cap ({_name(slot)}) from {_shown(before)} to {_shown(cap.limit)}"
        + ("?" if lasting is None else f" for {lasting}?"),
        answer=answer,
    )


def _through_proxy(
    paths: Paths,
    slot: Slot,
    cap: Cap,
    request: SetBudget,
    *,
    before: Money | None,
    confirmed: bool,
) -> None:
    """Ask the running proxy, which may know of a lower cap than our files do."""
    client = ControlClient(paths.socket)
    try:
        client.set_budget(request, confirmed=confirmed)
    except ControlError as refused:
        if refused.code != "forbidden" or confirmed or is_raise(before, cap):
            raise
        client.set_budget(request, confirmed=_confirm(paths, slot, before, cap))


def _name(slot: Slot) -> str:
    return figures.budget_name(slot.scope, slot.window.value)


def _shown(limit: Money | None) -> str:
    return "no limit" if limit is None else str(limit)
