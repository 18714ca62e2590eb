"""Rows of notes: what is written of a hold, of limits, of a cost, is read by name."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from faregate.core.estimate import Bounds
from faregate.core.holds import BudgetState, BudgetWindow, Held
from faregate.core.limits.limit import Counters, Limits, Wish
from faregate.core.loops.finding import Loop, LoopRule
from faregate.core.money import Money
from faregate.core.pricing import Cost, CostSource
from faregate.core.routing import Target
from faregate.core.usage import Usage
from faregate.gateway.explaining import Explanation, read
from tests.gateway.gates import row

MONTH = BudgetWindow(scope="global", window="month", starts_at=5, limit=Money.usd(20))
SESSION = BudgetWindow(scope="session:s", window="session")


class Hold:
    """What is noted of an open hold."""

    bounds = Bounds(input=10, output=20, output_injected=True)
    client_retry = failed = False
    fault: str | None = None
    usage: Usage | None = None
    verdict: str | None = None


def told(explanation: Explanation) -> dict[str, Any]:
    found = read(explanation.json())
    assert found is not None
    (note,) = found
    return note


def test_a_hold_is_read_with_its_bounds_its_price_and_its_budgets() -> None:
    explanation = Explanation()
    states = (
        BudgetState(budget=MONTH, spent=Money.usd("0.5"), held=Money(7), closed=True),
        BudgetState(budget=SESSION, unknown=Money(1)),
    )
    held = Held(attempt="req_1.2", amount=Money(3), states=states)
    target = Target(provider="p", model="m/x", route="r", region="eu")
    cause = "escalation:tool_errors"
    price = row("p", since=date(2026, 11, 1))

    explanation.opened(Hold(), target, price, held, cause)

    assert told(explanation) == {
        "step": "hold",
        "attempt": "req_1.2",
        "target": "p@eu/m/x",
        "route": "r",
        "cause": cause,
        "held": "0.000000000003",
        "bounds": {
            "input": 10,
            "output": 20,
            "choices": 1,
            "server_tool_calls": 0,
            "output_injected": True,
            "hidden_output": 0,
        },
        "price": "config",
        "price_since": "2026-11-01",
        "budgets": {
            "states": [
                {
                    "budget": {
                        "scope": "global",
                        "window": "month",
                        "starts_at": 5,
                        "ends_at": None,
                        "limit": "20",
                    },
                    "spent": "0.5",
                    "held": "0.000000000007",
                    "unknown": "0",
                    "closed": True,
                },
                {
                    "budget": {
                        "scope": "session:s",
                        "window": "session",
                        "starts_at": 0,
                        "ends_at": None,
                        "limit": None,
                    },
                    "spent": "0",
                    "held": "0",
                    "unknown": "0.000000000001",
                    "closed": False,
                },
            ]
        },
    }
    assert explanation.escalation == "tool_errors"


@pytest.mark.parametrize("spend", [None, Money.usd("0.25")])
def test_limits_are_read_with_what_counts_against_them(spend: Money | None) -> None:
    explanation = Explanation()
    limits = Limits(requests=5, wall_clock=60.5, spend_per_minute=spend)
    counters = Counters(started=2.0, requests=1, retries=2, input_tokens=3, running=6)
    wish = Wish(input=7, output=8, output_least=8, now=4.5)

    explanation.limited(limits, counters, wish)
    counters.requests = 99

    note = told(explanation)
    assert note["limits"]["requests"] == 5
    assert note["limits"]["wall_clock"] == 60.5
    assert note["limits"]["spend_per_minute"] == (None if spend is None else "0.25")
    assert note["limits"]["retries"] is None
    used = {name: note[name] for name in note if name not in {"step", "limits"}}
    assert used == {
        "requests": 1,
        "retries": 2,
        "input_tokens": 3,
        "output_tokens": 0,
        "tool_calls": 0,
        "concurrency": 6,
        "wall_clock": 2.5,
        "request_input_tokens": 7,
        "request_output_tokens": 8,
    }


def test_a_cost_is_read_line_by_line() -> None:
    explanation = Explanation()
    cost = Cost(Money(10), CostSource.CONFIG, (("output", 2, 5),))
    explanation.cost("req_1", cost, "priority")
    assert told(explanation) == {
        "step": "cost",
        "attempt": "req_1",
        "amount": "0.00000000001",
        "source": "config",
        "lines": [{"what": "output", "count": 2, "rate": 5, "amount": "0.00000000001"}],
        "service": "priority",
    }


def test_a_loop_is_read_with_what_followed() -> None:
    explanation = Explanation()
    loop = Loop(rule=LoopRule.CYCLE, times=6, tools=("read", "grep"))
    explanation.looped(loop, "stopped")
    assert told(explanation) == {
        "step": "loop",
        "rule": "cycle",
        "times": 6,
        "tools": ["read", "grep"],
        "decision": "stopped",
    }
    assert explanation.last("loop") == {
        "rule": "cycle",
        "times": 6,
        "tools": ["read", "grep"],
        "decision": "stopped",
    }


def test_a_row_of_a_hold_as_it_once_was_says_the_same() -> None:
    sums = '["global","month",5,null,7,1,2,3,true]'
    bounds = "[10,20,1,0,true,0]"
    old = f'["hold","r","p/m","way","why",9,{bounds},"config","2026-11-01",[{sums}]]'
    priced = '["config","2026-11-01"]'
    new = (
        f'["hold","r",["p/m","way"],"why",9,{bounds},{priced},'
        '[[["global","month",5,null,7],1,2,3,true]]]'
    )
    assert read(f"[{old}]") == read(f"[{new}]") is not None


@pytest.mark.parametrize(
    "text", ['[["hold"]]', '[["sum", 1]]', "[[]]", '[["cost", 1]]']
)
def test_a_row_that_says_something_else_is_no_explanation(text: str) -> None:
    assert read(text) is None
