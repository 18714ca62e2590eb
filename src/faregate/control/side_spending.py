"""The smoke test's money as it goes over the control socket.

Owns both directions between the core's values and JSON; money is decimal text.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from faregate.control.asking import Ask
from faregate.core.holds import HoldState
from faregate.core.money import Money
from faregate.core.side_spend import SpendAsk, SpendEnd, SpendHeld, SpendRefused
from faregate.core.usage import Usage, UsageSource


class SideHold(Ask, frozen=True, kw_only=True):
    """Ask for a hold."""

    provider: str
    model: str
    protocol: str
    amount: str
    input_bound: int
    output_bound: int


class SideAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A hold's id, or why there is none."""

    attempt: str | None = None
    refused: str | None = None


class SideUsage(msgspec.Struct, frozen=True, kw_only=True):
    """The counters of one request."""

    uncached_input: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    output: int = 0
    reasoning: int = 0
    server_tool_calls: int = 0
    reported_cost: str | None = None
    source: str = "reported"


class SideEnd(msgspec.Struct, frozen=True, kw_only=True):
    """Say how a hold ends."""

    attempt: str
    state: Literal["settled", "voided", "unknown"]
    why: str = ""
    cost: str = "0"
    cost_source: str = ""
    price_source: str | None = None
    usage: SideUsage | None = None
    status: int | None = None
    served_model: str | None = None
    tool_calls: int = 0
    ttfb_ms: int | None = None
    duration_ms: int | None = None


def hold_to_wire(ask: SpendAsk) -> SideHold:
    """Return an ask for the socket."""
    return SideHold(
        provider=ask.provider,
        model=ask.model,
        protocol=ask.protocol,
        amount=ask.amount.exact(),
        input_bound=ask.input_bound,
        output_bound=ask.output_bound,
    )


def hold_from_wire(told: SideHold) -> SpendAsk:
    """Return an ask from the socket; raises ValueError for a bad amount."""
    return SpendAsk(
        provider=told.provider,
        model=told.model,
        protocol=told.protocol,
        amount=_amount(told.amount),
        input_bound=told.input_bound,
        output_bound=told.output_bound,
    )


def answer_to_wire(made: SpendHeld | SpendRefused) -> SideAnswer:
    """Return what became of an ask, for the socket."""
    if isinstance(made, SpendHeld):
        return SideAnswer(attempt=made.attempt)
    return SideAnswer(refused=made.why)


def answer_from_wire(told: SideAnswer, amount: Money) -> SpendHeld | SpendRefused:
    """Return what became of an ask for `amount`."""
    if told.attempt is None:
        return SpendRefused(why=told.refused or "no budget has room")
    return SpendHeld(attempt=told.attempt, amount=amount)


def end_to_wire(end: SpendEnd) -> SideEnd:
    """Return an end for the socket."""
    state: Literal["settled", "voided", "unknown"] = "unknown"
    if end.state is HoldState.SETTLED:
        state = "settled"
    elif end.state is HoldState.VOIDED:
        state = "voided"
    return SideEnd(
        attempt=end.attempt,
        state=state,
        why=end.why,
        cost=end.cost.exact(),
        cost_source=end.cost_source,
        price_source=end.price_source,
        usage=None if end.usage is None else _usage_to_wire(end.usage),
        status=end.status,
        served_model=end.served_model,
        tool_calls=end.tool_calls,
        ttfb_ms=end.ttfb_ms,
        duration_ms=end.duration_ms,
    )


def end_from_wire(told: SideEnd) -> SpendEnd:
    """Return an end from the socket; raises ValueError for bad amounts."""
    return SpendEnd(
        attempt=told.attempt,
        state=HoldState(told.state),
        why=told.why,
        cost=_amount(told.cost),
        cost_source=told.cost_source,
        price_source=told.price_source,
        usage=None if told.usage is None else _usage_from_wire(told.usage),
        status=told.status,
        served_model=told.served_model,
        tool_calls=told.tool_calls,
        ttfb_ms=told.ttfb_ms,
        duration_ms=told.duration_ms,
    )


def _usage_to_wire(usage: Usage) -> SideUsage:
    cost = usage.reported_cost
    return SideUsage(
        uncached_input=usage.uncached_input,
        cache_read=usage.cache_read,
        cache_write_5m=usage.cache_write_5m,
        cache_write_1h=usage.cache_write_1h,
        output=usage.output,
        reasoning=usage.reasoning,
        server_tool_calls=usage.server_tool_calls,
        reported_cost=None if cost is None else cost.exact(),
        source=usage.source.value,
    )


def _usage_from_wire(told: SideUsage) -> Usage:
    counters = (
        told.uncached_input,
        told.cache_read,
        told.cache_write_5m,
        told.cache_write_1h,
        told.output,
        told.reasoning,
        told.server_tool_calls,
    )
    if min(counters) < 0:
        raise ValueError("a counter is below zero")
    cost = told.reported_cost
    return Usage(
        uncached_input=told.uncached_input,
        cache_read=told.cache_read,
        cache_write_5m=told.cache_write_5m,
        cache_write_1h=told.cache_write_1h,
        output=told.output,
        reasoning=told.reasoning,
        server_tool_calls=told.server_tool_calls,
        reported_cost=None if cost is None else _amount(cost),
        source=UsageSource(told.source),
    )


def _amount(text: str) -> Money:
    amount = Money.usd(text)
    if amount < Money(0):
        raise ValueError(f"{text} is an amount below zero")
    return amount
