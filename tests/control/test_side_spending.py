"""Money of a smoke test survives the way over the socket exactly."""

from __future__ import annotations

import msgspec
import pytest

from faregate.control.side_spending import (
    SideAnswer,
    SideEnd,
    SideHold,
    SideUsage,
    answer_from_wire,
    answer_to_wire,
    end_from_wire,
    end_to_wire,
    hold_from_wire,
    hold_to_wire,
)
from faregate.core.holds import HoldState
from faregate.core.money import Money
from faregate.core.side_spend import SpendAsk, SpendEnd, SpendHeld, SpendRefused
from faregate.core.usage import Usage, UsageSource

ODD = Money(1_234_567_890_123)
ASK = SpendAsk(
    provider="sim", model="m", protocol="p", amount=ODD, input_bound=1, output_bound=2
)


def test_an_ask() -> None:
    wire = msgspec.json.encode(hold_to_wire(ASK))
    assert hold_from_wire(msgspec.json.decode(wire, type=SideHold)) == ASK
    assert b'"1.234567890123"' in wire


@pytest.mark.parametrize(
    "made", [SpendHeld(attempt="a", amount=ODD), SpendRefused(why="no room")]
)
def test_an_answer(made: SpendHeld | SpendRefused) -> None:
    wire = msgspec.json.encode(answer_to_wire(made))
    told = msgspec.json.decode(wire, type=SideAnswer)
    assert answer_from_wire(told, ODD) == made


@pytest.mark.parametrize(
    "state", [HoldState.SETTLED, HoldState.VOIDED, HoldState.UNKNOWN]
)
@pytest.mark.parametrize(
    "usage",
    [
        None,
        Usage(
            uncached_input=1,
            cache_read=2,
            cache_write_5m=3,
            cache_write_1h=4,
            output=5,
            reasoning=1,
            server_tool_calls=6,
            reported_cost=ODD,
            source=UsageSource.ESTIMATED,
        ),
    ],
)
def test_an_end(state: HoldState, usage: Usage | None) -> None:
    end = SpendEnd(
        attempt="a",
        state=state,
        why="because",
        cost=ODD,
        cost_source="table",
        price_source="config",
        usage=usage,
        status=200,
        served_model="m",
        tool_calls=1,
        ttfb_ms=2,
        duration_ms=3,
    )
    wire = msgspec.json.encode(end_to_wire(end))
    assert end_from_wire(msgspec.json.decode(wire, type=SideEnd)) == end


def test_amounts_and_counters_below_zero_are_refused() -> None:
    for cost in ("-1", "nan", "much"):
        with pytest.raises(ValueError, match=r"."):
            end_from_wire(SideEnd(attempt="a", state="settled", cost=cost))
    usage = SideUsage(output=-1)
    with pytest.raises(ValueError, match="below zero"):
        end_from_wire(SideEnd(attempt="a", state="settled", usage=usage))
