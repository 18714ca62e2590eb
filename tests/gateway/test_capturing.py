"""Which requests are captured, and that nothing of it reaches a client."""

from __future__ import annotations

from faregate.core.captured import CapturedRequest
from faregate.core.identity import Grant
from faregate.core.labels import Labels
from faregate.gateway.capturing import Capture, Selection
from faregate.gateway.tape import Room
from tests.gateway.building import CountingLedger, FakeClock
from tests.gateway.gates import (
    DONE,
    FINISH,
    USAGE,
    FakeAnswer,
    SmallGate,
    ask,
    delta,
)

STREAM = [delta("hi"), FINISH, USAGE, DONE]


async def captured(small: SmallGate, selection: Selection, grant: Grant) -> bool:
    """Tell whether a request of this grant is captured."""
    kept: list[CapturedRequest] = []
    clock = small.clock.monotonic
    small.gate.capture = Capture(
        kept.append, clock=clock, selection=selection, most=1000
    )
    exchange, reply = small.exchange(ask(), grant=grant)
    small.upstream.script = [FakeAnswer(parts=list(STREAM))]
    await exchange.run()
    assert b"".join(reply.written) == b"".join(STREAM)
    return bool(kept)


async def test_sessions_and_workspaces_select(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    small = SmallGate(ledger, clock)
    own = Grant(session="s", labels=Labels(workspace="w"))
    assert await captured(small, Selection(), own)
    assert await captured(small, Selection(session="s"), own)
    assert not await captured(small, Selection(session="t"), own)
    assert await captured(small, Selection(workspaces=frozenset({"w"})), own)
    assert not await captured(small, Selection(workspaces=frozenset({"x"})), own)
    # A session that a person names outranks the workspaces of the configuration.
    both = Selection(session="s", workspaces=frozenset({"x"}))
    assert await captured(small, both, own)


async def test_a_refusal_without_an_attempt_is_kept_with_its_reason(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    small = SmallGate(ledger, clock, limit="0.01")
    kept: list[CapturedRequest] = []
    small.gate.capture = Capture(
        kept.append, clock=clock.monotonic, selection=Selection(), most=1000
    )
    exchange, _ = small.exchange(ask())
    await exchange.run()
    (found,) = kept
    assert not found.attempts
    assert found.reply is None
    assert found.refusal is not None
    assert "budget" in found.refusal


async def test_a_keeper_that_fails_disturbs_no_answer_and_leaks_no_memory(
    ledger: CountingLedger, clock: FakeClock
) -> None:
    def breaks(_found: CapturedRequest) -> None:
        raise OSError("the disk is gone")

    small = SmallGate(ledger, clock)
    room = Room(1000)
    small.gate.capture = Capture(
        breaks, clock=clock.monotonic, selection=Selection(), most=1000, room=room
    )
    exchange, reply = small.exchange(ask())
    small.upstream.script = [FakeAnswer(parts=list(STREAM))]
    assert await exchange.run() is None
    assert b"".join(reply.written) == b"".join(STREAM)
    assert room.take(1000)
