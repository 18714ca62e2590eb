"""The hold of each attempt of a request, as it is asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from faregate.core.holds import HoldRequest
from faregate.core.money import Money
from tests.gateway.building import CountingLedger, FakeClock
from tests.gateway.gates import SmallGate, ask, whole

ERROR = {"error": {"message": "max_tokens is too large, at most 4096 tokens"}}
SAID = {
    "choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 100},
}


@pytest.fixture
def small(ledger: CountingLedger, clock: FakeClock) -> SmallGate:
    return SmallGate(ledger, clock)


def holds_of(small: SmallGate) -> list[HoldRequest]:
    """Record every hold from now on."""
    holds: list[HoldRequest] = []
    ledger: Any = small.ledger.ledger
    real = ledger.hold

    def recorded(request: HoldRequest) -> Any:
        holds.append(request)
        return real(request)

    ledger.hold = recorded
    return holds


async def test_the_second_attempt_of_a_request_has_a_hold_of_its_own(
    small: SmallGate,
) -> None:
    holds = holds_of(small)
    exchange, _ = small.exchange(ask(stream=False) | {"max_tokens": None})
    small.upstream.script = [whole(ERROR, 400), whole(SAID)]
    await exchange.run()
    assert [hold.attempt for hold in holds] == ["req_1", "req_1.2"]
    assert [hold.request for hold in holds] == ["req_1", "req_1"]
    assert [hold.first_attempt for hold in holds] == [True, False]
    sent = [json.loads(each.body)["max_tokens"] for each in small.upstream.sent]
    assert sent == [hold.output_bound for hold in holds] == [32_000, 4_096]


async def test_a_hold_names_who_asks_and_what_it_covers(small: SmallGate) -> None:
    holds = holds_of(small)
    exchange, _ = small.exchange(ask(max_tokens=1_000, stream=False))
    small.upstream.script = [whole(SAID)]
    await exchange.run()
    (hold,) = holds
    assert (hold.session, hold.root_session) == ("s", "s")
    assert (hold.provider, hold.model, hold.protocol) == ("p", "m", "openai_chat")
    assert hold.output_bound == 1_000
    want = Money.usd("0.01") + Money.usd("0.000001") * hold.input_bound
    assert hold.amount == want
    assert not hold.tokenless


async def test_the_same_body_again_is_asked_as_a_retry(small: SmallGate) -> None:
    holds = holds_of(small)
    body = ask(stream=False)
    for answer in (whole(ERROR, 500), whole(SAID), whole(SAID)):
        exchange, _ = small.exchange(body)
        small.upstream.script = [answer]
        await exchange.run()
    assert [hold.client_retry for hold in holds] == [False, True, False]
    assert small.kinds().count("retry") == 1
