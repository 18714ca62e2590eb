"""The sentences that an agent's user reads when the gate says no.

One line each: what happened, the figures, what to do. Agents match on words: these
sentences never say what a client would take for a rate limit or a full window.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from faregate.core.faults import FaultKind, UpstreamError
from faregate.core.refusal import Refusal, RefusalCode
from faregate.core.routing import AUTO
from faregate.protocols.error_bodies import read_error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from faregate.core.capabilities import Capabilities
    from faregate.core.estimate import Unbounded
    from faregate.core.facts import RequestFacts
    from faregate.core.holds import BudgetState, LedgerError, NoRoom
    from faregate.core.identity import Mismatch
    from faregate.core.money import Money
    from faregate.core.routing import NoTarget, Target
    from faregate.gateway.health import Down
    from faregate.providers.spec import ProviderSpec

LONGEST_RETRY_AFTER = 60
"""Seconds; agents sleep through anything longer without saying why."""
_WINDOW_NAMES = {
    "month": "monthly",
    "day": "daily",
    "week": "weekly",
    "total": "total",
    "session": "session",
}
_UPSTREAM_CODES = {
    FaultKind.CONNECT: RefusalCode.UPSTREAM_UNREACHABLE,
    FaultKind.TIMEOUT: RefusalCode.UPSTREAM_TIMEOUT,
    FaultKind.RESET: RefusalCode.UPSTREAM_BROKEN,
    FaultKind.MALFORMED: RefusalCode.UPSTREAM_BROKEN,
    FaultKind.TOO_LARGE: RefusalCode.UPSTREAM_BROKEN,
    FaultKind.LOCAL: RefusalCode.UPSTREAM_UNREACHABLE,
}


def budget_name(state: BudgetState) -> str:
    """Return a budget's name for a person: "monthly budget", "budget of task x"."""
    window = _WINDOW_NAMES.get(state.budget.window, state.budget.window)
    kind, colon, name = state.budget.scope.partition(":")
    if kind == "global":
        return f"{window} budget"
    if kind == "session":
        return f"budget of session {name}"
    return f"{window} budget of {kind} {name}" if colon else f"{window} {kind} budget"


def instant(seconds: int | None) -> str | None:
    """Return a Unix instant as RFC 3339 in UTC."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def no_room(full: NoRoom) -> Refusal:
    """Return the refusal for a hold that does not fit."""
    if not full.blocking:
        return Refusal(
            code=RefusalCode.BUDGET_EXCEEDED,
            message="A budget is closed; see: faregate budget",
            needed=full.amount,
        )
    closed = next((s for s in full.blocking if s.closed), None)
    if closed is not None:
        return _refused((closed,), full.amount, _why_closed(closed))
    state = full.blocking[0]
    return _refused(full.blocking, full.amount, _why_full(state, full.amount))


def beyond_measure(amount: Money) -> Refusal:
    """Return the refusal for a hold that no ledger can count."""
    return Refusal(
        code=RefusalCode.BUDGET_EXCEEDED,
        message=f"This request may cost up to {amount}; send a smaller output bound",
        needed=amount,
    )


def queue_full(waiting: int) -> Refusal:
    """Return the refusal when too many wait for room already."""
    return Refusal(
        code=RefusalCode.QUEUE_FULL,
        message=f"{waiting} requests already wait for room in a budget; stop some "
        "agents, or raise the budget",
    )


def ledger_failed(error: LedgerError) -> Refusal:
    """Return the refusal when no money can be set aside."""
    return Refusal(
        code=RefusalCode.LEDGER_UNAVAILABLE,
        message=f"The ledger cannot set money aside, so nothing is sent: {error}",
    )


def waited(blocking: Sequence[BudgetState], amount: Money, seconds: float) -> Refusal:
    """Return the refusal after waiting for room in vain."""
    if not blocking:
        return Refusal(
            code=RefusalCode.BUDGET_EXCEEDED,
            message=f"No budget had room for {amount} within {seconds:.0f} s",
            needed=amount,
        )
    state = blocking[0]
    why = (
        f"Waited {seconds:.0f} s for room: {state.held} of the "
        f"{budget_name(state)} is held by running requests, and this one may cost "
        f"up to {amount}"
    )
    return _refused(blocking, amount, why)


def waiting_for(blocking: Sequence[BudgetState], amount: Money) -> str:
    """Return what a waiting request waits for."""
    if not blocking:
        return f"{amount} of room, behind other requests"
    return f"{amount} of room in the {budget_name(blocking[0])}"


def mismatch(found: Mismatch) -> Refusal:
    """Return the refusal for a URL or header that names another session."""
    return Refusal(
        code=RefusalCode.FORBIDDEN,
        message=(
            f"The token belongs to session {found.granted}, but the request names "
            f"session {found.claimed}; leave the /s/ prefix or header out"
        ),
    )


def unpriced(target: Target) -> Refusal:
    """Return the refusal for a model whose price is not known."""
    return Refusal(
        code=RefusalCode.UNPRICED_MODEL,
        message=(
            f"No price is known for {target}, so the cap cannot be kept. Add to "
            f'config.toml a table [prices."{target.bare}"] with the lines input = and '
            "output = from its price list, in USD per million tokens, or at once: "
            f"faregate prices set {target.bare} INPUT OUTPUT"
        ),
        param="model",
    )


def lacking_price(sentence: str) -> str | None:
    """Return the "provider/model" that such a sentence says has no price, if any."""
    found = re.search(r'\[prices\."([^"]{3,200})"\]', sentence)
    return None if found is None else found[1]


def unpriced_part(target: Target, part: str) -> Refusal:
    """Return the refusal for something in a request that no table prices."""
    return Refusal(
        code=RefusalCode.UNPRICED_MODEL,
        message=(
            f"No price is known for {part} at {target}, so the cap cannot be kept. "
            f'Leave it out, state prices in a table [prices."{target.bare}"] (tool_fee '
            'for tools), or set unpriced = "allow" under [budget], which does not '
            "count it"
        ),
    )


def unbounded(target: Target, unbounded: Unbounded) -> Refusal:
    """Return the refusal for a request whose cost nothing bounds."""
    return Refusal(
        code=RefusalCode.UNPRICED_MODEL,
        message=(
            f"The cost of this request has no bound: {unbounded.why}. Add to "
            f'config.toml: [models."{target.bare}"] context = 200000'
        ),
        param="model",
    )


def no_target(missing: NoTarget) -> Refusal:
    """Return the refusal for a model that no provider is known for."""
    if missing.model == AUTO:
        message = (
            'No route answers to the model "auto". Add to config.toml a table '
            '[routes.NAME] with models = ["auto"] and targets = ["provider/model", ...]'
        )
    elif missing.candidates:
        choices = ", ".join(f"{name}/{missing.model}" for name in missing.candidates)
        message = f"Several providers serve {missing.model!r}; name one: {choices}"
    else:
        message = (
            f"No provider is known for model {missing.model[:100]!r}. Write it as "
            "provider/model (faregate providers lists them), or add a route to "
            "config.toml"
        )
    return Refusal(code=RefusalCode.MODEL_NOT_FOUND, message=message, param="model")


def wrong_protocol(target: Target, spec: ProviderSpec, facts: RequestFacts) -> Refusal:
    """Return the refusal for a dialect that the provider does not speak."""
    spoken = ", ".join(sorted(spec.base_urls)) or "none"
    return Refusal(
        code=RefusalCode.BAD_REQUEST,
        message=(
            f"{target.provider} does not speak {facts.protocol}; it speaks {spoken}. "
            "Use a model of another provider, or an agent that speaks one of these"
        ),
        param="model",
    )


def own_key_untranslated(target: Target, facts: RequestFacts) -> Refusal:
    """Return the refusal for a translation under the caller's own key."""
    return Refusal(
        code=RefusalCode.BAD_REQUEST,
        message=(
            f"{target.provider} does not speak {facts.protocol}, and a request is "
            "translated only with a local token, so that a key given for one vendor "
            "never goes to another: see faregate env"
        ),
        param="model",
    )


def not_in_region(target: Target, facts: RequestFacts) -> Refusal:
    """Return the refusal for a dialect that a provider does not speak in a region."""
    return Refusal(
        code=RefusalCode.BAD_REQUEST,
        message=(
            f"{target.provider} does not speak {facts.protocol} in region "
            f"{target.region}; leave @{target.region} out of the route's target"
        ),
        param="model",
    )


def tools_failed(target: Target, tested: Capabilities) -> Refusal:
    """Return the refusal for a request with tools where tool calls do not work."""
    if tested.tools is None:
        why = f"tools = false is set under [providers.{target.provider}]"
        way = "remove it, or use another model"
    else:
        why = f"its smoke test of {tested.tested_on} failed tool calls"
        way = (
            f"use another model, test it again (faregate smoke-test {target.bare}), or set "
            f"tools = true under [providers.{target.provider}]"
        )
    return Refusal(
        code=RefusalCode.MODEL_NOT_ALLOWED,
        message=f"{target} gets no request with tools: {why}. To go on: {way}",
        param="model",
    )


def key_missing(spec: ProviderSpec) -> Refusal:
    """Return the refusal for a provider whose key is not there."""
    where = " or ".join(spec.key_env)
    return Refusal(
        code=RefusalCode.KEY_MISSING,
        message=(
            f"No key for {spec.name}: set {where} where the proxy runs, then restart "
            "it: faregate down; faregate up. Or name one with key_env, key_command "
            f"under [providers.{spec.name}]"
        ),
    )


def upstream(error: UpstreamError, provider: str) -> Refusal:
    """Return the answer for a provider that failed."""
    return Refusal(
        code=_UPSTREAM_CODES[error.kind],
        message=f"{provider}: {error.message}",
        extra={"provider": provider},
    )


def came_late(status: int, body: bytes, provider: str) -> Refusal:
    """Return the words for an answer in one piece to a client that was kept alive."""
    found = read_error(body)
    what = "without a stream" if found is None else found.message
    return Refusal(
        code=RefusalCode.UPSTREAM_BROKEN,
        message=f"{provider} answered {status}: {what}",
        extra={"provider": provider},
    )


def resting(resting: Mapping[Target, Down], now: float) -> Refusal:
    """Return the answer where every target rests; `now` is monotonic seconds."""
    waits = {
        target: max(1, round(down.until - now)) for target, down in resting.items()
    }
    told = "; ".join(
        f"{target} rests for {waits[target]} s, because {down.why}"
        for target, down in resting.items()
    )
    return Refusal(
        code=RefusalCode.PROVIDER_RESTING,
        message=f"{told}. Then it is tried again; at once: faregate providers "
        "--ask-again",
        retry_after=min(LONGEST_RETRY_AFTER, *waits.values()),
    )


def failed(request: str) -> Refusal:
    """Return the answer for a fault of our own."""
    return Refusal(
        code=RefusalCode.INTERNAL,
        message=f"Faregate failed on request {request}; its cost is kept as unknown. "
        "Please report it",
    )


def clock_jumped(ms: int) -> str:
    """Return what to tell when the system clock is suddenly elsewhere."""
    hours = abs(ms) / 3_600_000
    where = "ahead" if ms > 0 else "back"
    return (
        f"The system clock jumped {hours:.1f} hours {where}; budgets stay in their "
        "windows until a provider's answer confirms it, or the proxy is restarted"
    )


def clock_skewed(ms: int) -> str:
    """Return what to tell when a provider's time is quite another than ours."""
    hours = abs(ms) / 3_600_000
    where = "ahead of" if ms > 0 else "behind"
    return (
        f"The system clock is {hours:.1f} hours {where} what a provider says: budgets "
        "may count in the wrong day or month. Set the clock, then restart the proxy: "
        "faregate down; faregate up"
    )


def _why_closed(state: BudgetState) -> str:
    name = budget_name(state)
    return (
        f"{name[0].upper()}{name[1:]} is closed, with {state.spent} of "
        f"{state.budget.limit} spent, since a request came in dearer than the money "
        "held for it; nothing more is sent until a person raises it or corrects that "
        "bill"
    )


def _why_full(state: BudgetState, amount: Money) -> str:
    limit = state.budget.limit
    parts = [f"{state.spent} of {limit} spent"]
    if state.held:
        parts.append(f"{state.held} held by running requests")
    if state.unknown:
        parts.append(f"{state.unknown} unknown (faregate holds)")
    name = budget_name(state)
    return (
        f"{name[0].upper()}{name[1:]} reached: {', '.join(parts)}; this request may "
        f"cost up to {amount}"
    )


def _way_on(state: BudgetState) -> str:
    """Return what a person can do; a run's own budget was given when it began."""
    if state.budget.window != "session":
        return "faregate budget"
    if state.closed:
        return "a new session; what happened: faregate requests"
    more = "faregate budget set session AMOUNT, or a new session"
    if state.budget.of_run:
        more = "faregate run with a higher --max-cost"
    return (
        f'{more}, or on_tight = "clamp" under [budget], which lowers what a request '
        "asks for until it fits"
    )


def _refused(blocking: Sequence[BudgetState], amount: Money, why: str) -> Refusal:
    state = blocking[0]
    resets = instant(state.budget.ends_at)
    when = f" Resets {resets}." if resets else ""
    return Refusal(
        code=RefusalCode.BUDGET_EXCEEDED,
        message=f"{why}.{when} To go on: {_way_on(state)}",
        scope=state.budget.scope,
        window=state.budget.window,
        limit=state.budget.limit,
        spent=state.spent,
        held=state.held,
        unknown=state.unknown,
        needed=amount,
        resets_at=resets,
        blocking=tuple(blocking),
    )
