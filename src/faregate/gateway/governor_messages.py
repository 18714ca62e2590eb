"""The sentences of the governor: limits, pauses and stops.

Agents match on words, as for budgets: nothing here that a client would take for a
full window or a reason to try again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.latches import EVERYTHING, LatchState
from faregate.core.money import Money
from faregate.core.refusal import Refusal, RefusalCode

if TYPE_CHECKING:
    from faregate.core.latches import Latch
    from faregate.core.limits.limit import Reached

_SAYS = {
    "requests": "Session {session} has made its {most} request{s}",
    "wall_clock": "The time of session {session} is over: {most}",
    "retries": (
        "Requests of session {session} were sent again {used} times; {most} are allowed"
    ),
    "tool_calls": "Session {session} has called {used} tools; {most} are allowed",
    "input_tokens": (
        "Session {session} has sent or may be sending {used} of {most} input tokens, "
        "and this request has up to {needed}"
    ),
    "output_tokens": (
        "Session {session} has received or may be receiving {used} of {most} output "
        "tokens, and this request asks for up to {needed}"
    ),
    "request_input_tokens": (
        "This request has about {needed} input tokens; {most} are allowed in one"
    ),
    "request_output_tokens": (
        "This request asks for up to {needed} output tokens; {most} are allowed in one"
    ),
    "concurrency": "{used} requests of session {session} run already; {most} may",
    "tokens_per_minute": (
        "Session {session} may have used {used} of {most} tokens within a minute, and "
        "this request may use {needed}"
    ),
    "spend_per_minute": (
        "Session {session} may have spent {used} of {most} within a minute, and this "
        "request may cost {needed}"
    ),
}


def limit_reached(reached: Reached, session: str, source: str) -> Refusal:
    """Return the refusal for a limit that waiting did not help."""
    words = {
        name: _figure(reached.limit, getattr(reached, name))
        for name in ("most", "used", "needed")
    }
    plural = "" if reached.most == 1 else "s"
    what = _SAYS[reached.limit].format(session=session, s=plural, **words)
    facts = {"limit_name": reached.limit, "limit": words["most"], "used": words["used"]}
    if reached.needed:
        facts["needed"] = words["needed"]
    return Refusal(
        code=RefusalCode.LIMIT_EXCEEDED,
        message=f"{what}. To go on: {_way_on(reached.limit, session)}",
        scope=f"session:{session}",
        extra={**facts, "limit_source": source},
    )


def waiting_for(reached: Reached) -> str:
    """Return what a request waits for that a limit holds up."""
    return f"the limit {reached.limit} = {_figure(reached.limit, reached.most)}"


def paused(latch: Latch) -> Refusal:
    """Return the refusal for what a person has paused."""
    return Refusal(
        code=RefusalCode.PAUSED,
        message=f"{_whole(latch.scope)} is paused by a person. To go on: faregate "
        f"resume {_argument(latch.scope)}",
        scope=latch.scope,
    )


def stopped(latch: Latch) -> Refusal:
    """Return the refusal for what a person has stopped."""
    return Refusal(
        code=RefusalCode.STOPPED,
        message=f"{_whole(latch.scope)} was stopped by a person; start a new run, or "
        f"let this one go on with: faregate resume {_argument(latch.scope)}",
        scope=latch.scope,
    )


def latched(latch: Latch) -> Refusal:
    """Return the refusal for a latch of either state."""
    return stopped(latch) if latch.state is LatchState.STOPPED else paused(latch)


def _whole(scope: str) -> str:
    kind, _, name = scope.partition(":")
    if scope == EVERYTHING:
        return "Everything"
    return f"{kind[0].upper()}{kind[1:]} {name}"


def _argument(scope: str) -> str:
    kind, _, name = scope.partition(":")
    if scope == EVERYTHING:
        return "--all"
    return f"--workspace {name}" if kind == "workspace" else name


def _way_on(limit: str, session: str) -> str:
    more = f"faregate limits set {limit} MORE --session {session}"
    if limit in {"request_input_tokens", "request_output_tokens"}:
        return f"send less, or let a person raise it: {more}"
    if limit in {"concurrency", "tokens_per_minute", "spend_per_minute"}:
        return f"wait a little, or let a person raise it: {more}"
    return f"faregate resume {session} begins its limits anew; to raise it: {more}"


def _figure(limit: str, value: float | Money) -> str:
    if isinstance(value, Money):
        return str(value)
    if limit == "wall_clock":
        return duration(value)
    return f"{int(value)}"


def duration(seconds: float) -> str:
    """Return seconds as a person writes them: "90s", "30m", "4h"."""
    whole = round(seconds)
    for unit, size in (("h", 3600), ("m", 60)):
        if whole >= size and whole % size == 0:
            return f"{whole // size}{unit}"
    if whole >= 3600:
        return f"{whole // 3600}h{whole % 3600 // 60}m"
    return f"{whole // 60}m{whole % 60}s" if whole >= 120 else f"{whole}s"
