"""A gate with a route of three targets, and the answers that make it go on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from faregate.core.circuit_breaker import BreakerPolicy
from faregate.core.faults import FaultKind, UpstreamError
from faregate.core.retrying import RetryPolicy
from faregate.gateway.settings import GateSettings, Patience
from tests.gateway.building import CountingLedger, FakeClock
from tests.gateway.gates import (
    DONE,
    FINISH,
    SPEC,
    USAGE,
    FakeAnswer,
    SmallGate,
    ask,
    delta,
    event,
    route,
    row,
    whole,
)

GOOD = [delta("hi"), FINISH, USAGE, DONE]
WHOLE = {
    "choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 100},
}
ERROR = event({"error": {"message": "Overloaded", "code": "529"}})
ROLE = event({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]})
RETRIES = RetryPolicy(base=0.0)
HASTY = RetryPolicy(base=0.0, first_event=0.3, whole=0.3)
"""For answers that never begin: nothing else may take that long."""
A, B, C = "p/m", "q/m", "o/m"


def gate_with(
    ledger: CountingLedger,
    clock: FakeClock,
    *,
    retries: RetryPolicy = RETRIES,
    targets: tuple[str, ...] = (A, B, C),
    **more: Any,
) -> SmallGate:
    settings = GateSettings(
        retries=retries,
        patience=Patience(last_words=0.01),
        breaker=BreakerPolicy(samples=3),
    )
    return SmallGate(
        ledger,
        clock,
        settings,
        specs=(replace(SPEC, name="q"),),
        rows=(row("q"),),
        routes=(route(*targets),),
        **more,
    )


def said(status: int, message: str = "x", **headers: str) -> FakeAnswer:
    answer = whole({"error": {"message": message}}, status)
    return replace(answer, headers={**answer.headers, **headers})


def lost(*, sent: bool) -> UpstreamError:
    kind = FaultKind.RESET if sent else FaultKind.CONNECT
    return UpstreamError(kind, "it broke", sent=sent)


def booked(gate: SmallGate, columns: str) -> list[tuple[Any, ...]]:
    """What the ledger keeps of each attempt, in order."""
    found = gate.ledger.ledger._parts.connection.execute(
        f"SELECT {columns} FROM attempt ORDER BY id"
    )
    return list(found)


async def run(
    gate: SmallGate, *script: Any, stream: bool = True, **more: Any
) -> tuple[Any, Any]:
    exchange, reply = gate.exchange(ask("r", stream=stream, **more))
    gate.upstream.script = list(script)
    return await exchange.run(), reply
