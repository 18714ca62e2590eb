"""Whatever decides something is refused whole where one word of it is not known."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import msgspec
import pytest

from faregate.control import (
    approvals,
    capture,
    cost_log,
    governing,
    keys,
    models,
    prices,
    side_spending,
    trial,
)
from faregate.control.asking import Ask

MODULES = (
    approvals, capture, cost_log, governing, keys, models, prices, side_spending, trial,
)  # fmt: skip


def asks() -> Iterator[type[Ask]]:
    for module in MODULES:
        for _, found in inspect.getmembers(module, inspect.isclass):
            if issubclass(found, Ask) and found.__module__ == module.__name__:
                yield found


@pytest.mark.parametrize("ask", asks(), ids=lambda each: each.__name__)
def test_a_word_of_a_newer_program_is_refused(ask: type[Ask]) -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field `of_tomorrow`"):
        msgspec.json.decode(b'{"of_tomorrow": 1}', type=ask)


def test_what_decides_is_an_ask() -> None:
    assert {each.__name__ for each in asks()} >= {
        "Approve", "CaptureOn", "CorrectCost", "Deny", "Judge", "LatchAsk", "NewKey",
        "NewSession", "ResolveHold", "RevokeKey", "RunLimits", "SetBudget", "SetLimit",
        "SetPrice", "SideHold", "TrialAsk",
    }  # fmt: skip


def test_what_is_not_asked_for_is_not_sent() -> None:
    asked = models.SetBudget(scope="global", window="month", limit="5")
    sent = msgspec.json.decode(msgspec.json.encode(asked))
    assert sent == {"scope": "global", "window": "month", "limit": "5"}
