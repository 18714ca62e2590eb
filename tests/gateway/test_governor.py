"""The governor: its order, and how an exchange asks it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway.governor import Asked, Governor
from faregate.gateway.inbound import Result
from faregate.gateway.loop_stops import LoopStop
from tests.gateway.building import FakeClock, open_ledger
from tests.gateway.gates import SmallGate

CHAT = {
    "model": "p/m",
    "max_tokens": 10,
    "messages": [{"role": "user", "content": "x"}],
}
LOOP = Refusal(code=RefusalCode.LOOP_DETECTED, message="it goes in circles")
DENIED = Refusal(code=RefusalCode.APPROVAL_DENIED, message="a person said no")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[SmallGate]:
    clock = FakeClock()
    with open_ledger(tmp_path / "ledger", clock) as ledger:
        yield SmallGate(ledger, clock)


class Watcher:
    """Says what it was told to say, once it has done `first`."""

    def __init__(self, says: Refusal | None, *, keeps_alive: bool = False) -> None:
        self.says = says
        self.keeps_alive = keeps_alive
        self.asked: list[Asked] = []

    async def check(self, asked: Asked) -> Refusal | None:
        self.asked.append(asked)
        if self.keeps_alive:
            await asked.reply.start(200, {"content-type": "text/event-stream"})
            await asked.reply.write(b": waiting\n\n")
        return self.says

    def resume(self, session: str) -> bool:
        return False

    def stopped(self) -> frozenset[str]:
        return frozenset()

    def stops(self) -> Sequence[LoopStop]:
        return ()


class Listening(Governor):
    """Remembers what ended."""

    def __init__(
        self, *, loops: Watcher | None = None, approver: Watcher | None = None
    ) -> None:
        super().__init__(loops=loops, approver=approver)
        self.over: list[Result] = []

    def ended(self, asked: Asked, result: Result) -> None:
        super().ended(asked, result)
        self.over.append(result)


async def test_the_first_reason_counts_and_nothing_is_held(small: SmallGate) -> None:
    loops, approver = Watcher(LOOP), Watcher(DENIED)
    small.gate.governor = governor = Listening(loops=loops, approver=approver)
    exchange, _reply = small.exchange(CHAT)
    assert await exchange.run() is LOOP
    assert approver.asked == []
    assert loops.asked[0].identity.session == "s"
    assert loops.asked[0].plan.target.model == "m"
    assert governor.over == [LOOP]
    assert small.ledger.calls["hold"] == 0
    assert small.ledger.calls["record_refusal"] == 1
    assert len(small.gate.flights) == 0


async def test_all_are_asked_before_a_request_goes_on(small: SmallGate) -> None:
    loops, approver = Watcher(None), Watcher(DENIED)
    small.gate.governor = Governor(loops=loops, approver=approver)
    exchange, _reply = small.exchange(CHAT)
    assert await exchange.run() is DENIED
    assert len(loops.asked) == 1


async def test_a_refusal_after_keep_alives_is_an_error_event(small: SmallGate) -> None:
    small.gate.governor = Governor(approver=Watcher(DENIED, keeps_alive=True))
    exchange, reply = small.exchange({**CHAT, "stream": True})
    assert await exchange.run() is None
    assert reply.written == [b": waiting\n\n"]
    assert reply.last_words is not None
    event = json.loads(reply.last_words.removeprefix(b"data: "))
    assert event["error"]["code"] == "approval_denied"
    assert small.ledger.calls["record_refusal"] == 1
