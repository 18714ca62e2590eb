"""What is kept of each request, and that keeping it is in nobody's way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from faregate.core.cost_log import RequestEntry, RequestResult
from faregate.core.faults import FaultKind, UpstreamError
from faregate.core.holds import LedgerError
from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway import recording
from faregate.gateway.exchange import Exchange
from faregate.gateway.explaining import read
from faregate.gateway.recording import BATCH, Recording
from tests.gateway.building import CountingLedger, FakeClock, turn
from tests.gateway.gates import (
    COST,
    DONE,
    FINISH,
    USAGE,
    FakeAnswer,
    FakeReply,
    SmallGate,
    ask,
    delta,
)


class Log:
    """Keeps what is written, or fails."""

    def __init__(self) -> None:
        self.batches: list[list[RequestEntry]] = []
        self.broken = False
        self.written = asyncio.Event()

    def write(self, entries: Sequence[RequestEntry]) -> None:
        if self.broken:
            raise LedgerError("the disk is full")
        self.batches.append(list(entries))
        self.written.set()

    @property
    def rows(self) -> list[RequestEntry]:
        return [row for batch in self.batches for row in batch]


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def small(ledger: CountingLedger, clock: FakeClock, log: Log) -> SmallGate:
    small = SmallGate(ledger, clock)
    small.gate.recording = Recording(log.write)
    return small


def flush(small: SmallGate) -> None:
    assert small.gate.recording is not None
    small.gate.recording.flush()


async def serve(small: SmallGate, log: Log, *script: Any, **more: Any) -> RequestEntry:
    """Serve one request and return its row."""
    small.upstream.script = list(script)
    exchange, _ = small.exchange(ask(**more))
    await exchange.run()
    flush(small)
    return log.rows[-1]


def notes(row: RequestEntry) -> dict[str, dict[str, Any]]:
    found = read(row.notes)
    assert found is not None
    return {note["step"]: note for note in found}


GOOD = (delta("hi"), FINISH, USAGE, DONE)


async def test_an_answer_leaves_its_row(
    small: SmallGate, log: Log, clock: FakeClock
) -> None:
    class Slow(FakeAnswer):
        async def chunks(self) -> Any:
            for chunk, seconds in zip(GOOD, (0.25, 0.5, 0, 0), strict=True):
                clock.pass_by(seconds)
                yield chunk

    row = await serve(small, log, Slow(), stream=True)

    assert (row.request, row.result, row.status) == ("req_1", "answered", 200)
    assert (row.asked, row.provider, row.model) == ("p/m", "p", "m")
    assert (row.protocol, row.stream, row.attempts) == ("openai_chat", True, 1)
    assert row.identified_by == "token"
    assert (row.ttfb_ms, row.first_token_ms, row.duration_ms) == (0, 250, 750)
    assert (row.code, row.waited_ms, row.escalation) == (None, None, None)


async def test_the_row_explains_hold_price_and_cost(small: SmallGate, log: Log) -> None:
    told = notes(await serve(small, log, FakeAnswer(parts=[*GOOD])))

    held = told["hold"]
    assert (held["attempt"], held["target"], held["price"]) == (
        "req_1",
        "p/m",
        "config",
    )
    assert held["bounds"]["output"] == 10_000
    month = next(
        state
        for state in held["budgets"]["states"]
        if state["budget"]["window"] == "month"
    )
    assert month["budget"]["limit"] == "1"
    assert month["held"] == held["held"]
    cost = told["cost"]
    assert (cost["amount"], cost["source"]) == (COST.exact(), "config")
    assert [(line["what"], line["count"]) for line in cost["lines"]] == [
        ("uncached input", 10),
        ("output", 100),
    ]


async def test_a_refusal_says_why(
    ledger: CountingLedger, clock: FakeClock, log: Log
) -> None:
    small = SmallGate(ledger, clock, limit="0.01")
    small.gate.recording = Recording(log.write)
    row = await serve(small, log)

    assert (row.result, row.status) == ("refused", 400)
    assert (row.code, row.attempts) == ("budget_exceeded", 0)
    refused = notes(row)["refused"]["refusal"]
    assert refused["limit"] == "0.01"
    assert refused["message"] == row.message


@pytest.mark.parametrize(
    ("script", "result", "status", "code"),
    [
        (
            UpstreamError(FaultKind.CONNECT, "connection refused", sent=False),
            RequestResult.FAILED,
            502,
            "upstream_unreachable",
        ),
        (
            FakeAnswer(
                status=400,
                headers={"content-type": "application/json"},
                parts=[b'{"error":{"message":"no","type":"invalid_request_error"}}'],
            ),
            RequestResult.PROVIDER_ERROR,
            400,
            None,
        ),
        (
            FakeAnswer(
                parts=[delta("hi"), UpstreamError(FaultKind.RESET, "cut", sent=True)]
            ),
            RequestResult.FAILED,
            200,
            None,
        ),
    ],
)
async def test_each_way_to_end_has_its_name(
    small: SmallGate,
    log: Log,
    script: Any,
    result: RequestResult,
    status: int,
    code: str | None,
) -> None:
    row = await serve(small, log, *[script] * 4)
    assert (row.result, row.status, row.code) == (result, status, code)


async def test_a_person_who_stops_a_stream_is_a_refusal(
    small: SmallGate, log: Log
) -> None:
    hang = asyncio.Event()
    small.upstream.script = [FakeAnswer(parts=[delta("hi"), hang])]
    exchange, _ = small.exchange(ask())
    task = asyncio.ensure_future(exchange.run())
    await turn(10)
    exchange.give_up(Refusal(code=RefusalCode.STOPPED, message="stopped by hand"))
    await task
    flush(small)
    (row,) = log.rows
    assert (row.result, row.status, row.code) == ("refused", 200, "stopped")


async def hung_up(small: SmallGate, *parts: Any) -> tuple[Exchange, FakeReply]:
    small.upstream.script = [FakeAnswer(parts=list(parts))]
    exchange, reply = small.exchange(ask())
    task = asyncio.ensure_future(exchange.run())
    await turn(12)
    exchange.client_gone()
    for part in parts:
        if isinstance(part, asyncio.Event):
            part.set()
    await asyncio.gather(task, return_exceptions=True)
    flush(small)
    return exchange, reply


def faults(small: SmallGate) -> list[str | None]:
    """What the ledger says that providers did wrong, attempt by attempt."""
    connection = small.ledger.ledger._parts.connection
    return [row[0] for row in connection.execute("SELECT fault FROM attempt")]


async def test_a_client_that_hangs_up_is_told_apart(small: SmallGate, log: Log) -> None:
    await hung_up(small, delta("hi"), asyncio.Event())
    assert log.rows[-1].result == RequestResult.CLIENT_GONE
    assert faults(small) == [None]


async def test_what_a_provider_did_wrong_is_booked(small: SmallGate, log: Log) -> None:
    refused = UpstreamError(FaultKind.CONNECT, "connection refused", sent=False)
    await serve(small, log, *[refused] * 4)
    assert set(faults(small)) == {"connect"}
    small.upstream.script = []
    cut = UpstreamError(FaultKind.RESET, "cut", sent=True)
    await serve(small, log, FakeAnswer(parts=[delta("hi"), cut]))
    assert faults(small)[-1] == "reset"


async def test_a_client_that_closes_at_the_end_has_its_answer(
    small: SmallGate, log: Log
) -> None:
    await hung_up(small, *GOOD, asyncio.Event())
    assert log.rows[-1].result == RequestResult.ANSWERED


async def test_a_request_of_nobody_leaves_no_row(small: SmallGate, log: Log) -> None:
    exchange, _ = small.exchange({"messages": "none"})
    assert isinstance(await exchange.run(), Refusal)
    flush(small)
    assert log.rows == []


async def test_batches_are_small_and_keep_their_order(
    small: SmallGate, log: Log
) -> None:
    for _ in range(BATCH + 3):
        small.upstream.script = [FakeAnswer(parts=[*GOOD])]
        await small.exchange(ask())[0].run()
    flush(small)
    assert [len(batch) for batch in log.batches] == [BATCH, 3]
    assert [row.request for row in log.rows] == [
        f"req_{number}" for number in range(1, BATCH + 4)
    ]


async def test_the_log_is_written_while_the_gate_runs(
    small: SmallGate, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "EVERY_S", 0)
    kept = small.gate.recording
    assert kept is not None
    task = asyncio.ensure_future(kept.run())
    small.upstream.script = [FakeAnswer(parts=[*GOOD])]
    await small.exchange(ask())[0].run()
    async with asyncio.timeout(10):
        await log.written.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_log_that_cannot_be_written_stops_nobody(
    small: SmallGate, log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    log.broken = True
    kept = small.gate.recording
    assert kept is not None
    for _ in range(2):
        small.upstream.script = [FakeAnswer(parts=[*GOOD])]
        assert await small.exchange(ask())[0].run() is None
        flush(small)
    assert kept.dropped == 2
    assert [r.getMessage() for r in caplog.records] == [
        "requests are not logged: the disk is full"
    ]
    log.broken = False
    await serve(small, log, FakeAnswer(parts=[*GOOD]))
    assert len(log.rows) == 1


async def test_what_waits_is_bounded(
    small: SmallGate, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "MOST_WAITING", 3)
    small.gate.recording = kept = Recording(log.write)
    for _ in range(5):
        small.upstream.script = [FakeAnswer(parts=[*GOOD])]
        await small.exchange(ask())[0].run()
    flush(small)
    assert [row.request for row in log.rows] == ["req_3", "req_4", "req_5"]
    assert kept.dropped == 2
