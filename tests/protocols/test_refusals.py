"""Refusals in each dialect: bodies, and the events that end a stream."""

from __future__ import annotations

import json
from typing import Any

import pytest

from faregate.core.money import Money
from faregate.core.refusal import Refusal, RefusalCode
from faregate.protocols.codec import Codec
from faregate.protocols.refusals import error_type, refusal_facts, sse_event
from faregate.protocols.registry import CODECS, by_name

BUDGET = Refusal(
    code=RefusalCode.BUDGET_EXCEEDED,
    message="The monthly budget of $20 has $0.41 left.",
    scope="global",
    window="month",
    limit=Money.usd("20"),
    spent=Money.usd("19.59"),
    held=Money.usd("0"),
    needed=Money.usd("0.500000000001"),
    resets_at="2026-12-01T00:00:00Z",
    extra={"hint": "faregate budget set monthly 50"},
)
FACTS = {
    "scope": "global",
    "window": "month",
    "limit": "20",
    "spent": "19.59",
    "held": "0",
    "needed": "0.500000000001",
    "resets_at": "2026-12-01T00:00:00Z",
    "hint": "faregate budget set monthly 50",
}
HYBRID = [codec for codec in CODECS if codec.name != "gemini"]
GEMINI = by_name("gemini")
names = pytest.mark.parametrize("codec", HYBRID, ids=lambda codec: str(codec.name))


def events(stream: bytes) -> list[tuple[str | None, dict[str, Any]]]:
    found = []
    assert stream.endswith(b"\n\n")
    for block in stream.decode().strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append((lines.get("event"), json.loads(lines["data"])))
    return found


def test_money_is_written_exactly() -> None:
    assert refusal_facts(BUDGET) == FACTS


@names
def test_the_hybrid_body(codec: Codec) -> None:
    assert json.loads(codec.refusal_body(BUDGET, "req_1")) == {
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "code": "budget_exceeded",
            "param": None,
            "message": BUDGET.message,
            **FACTS,
        },
        "request_id": "req_1",
    }


@names
def test_what_is_not_set_is_not_written(codec: Codec) -> None:
    refusal = Refusal(code=RefusalCode.BAD_REQUEST, message="No.", param="model")
    error = json.loads(codec.refusal_body(refusal, "r"))["error"]
    assert error == {
        "type": "invalid_request_error",
        "code": "bad_request",
        "param": "model",
        "message": "No.",
    }


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (RefusalCode.BUDGET_EXCEEDED, "invalid_request_error"),
        (RefusalCode.UNAUTHORIZED, "authentication_error"),
        (RefusalCode.FORBIDDEN, "permission_error"),
        (RefusalCode.NOT_FOUND, "not_found_error"),
        (RefusalCode.TOO_LARGE, "request_too_large"),
        (RefusalCode.UPSTREAM_TIMEOUT, "timeout_error"),
        (RefusalCode.UPSTREAM_BROKEN, "api_error"),
        (RefusalCode.INTERNAL, "api_error"),
    ],
)
def test_error_types_that_the_vendors_know(code: RefusalCode, kind: str) -> None:
    assert error_type(code) == kind


def test_extra_facts_never_replace_the_fields_that_clients_read() -> None:
    refusal = Refusal(
        code=RefusalCode.PAUSED, message="Paused.", extra={"message": "x", "type": "y"}
    )
    error = json.loads(CODECS[0].refusal_body(refusal, "r"))["error"]
    assert (error["message"], error["type"]) == ("Paused.", "invalid_request_error")


@pytest.mark.parametrize(
    ("code", "number", "status"),
    [
        (RefusalCode.BUDGET_EXCEEDED, 400, "INVALID_ARGUMENT"),
        (RefusalCode.UNAUTHORIZED, 401, "UNAUTHENTICATED"),
        (RefusalCode.FORBIDDEN, 403, "PERMISSION_DENIED"),
        (RefusalCode.NOT_FOUND, 404, "NOT_FOUND"),
        (RefusalCode.UNSUPPORTED_MEDIA_TYPE, 415, "INVALID_ARGUMENT"),
        (RefusalCode.UPSTREAM_UNREACHABLE, 502, "UNAVAILABLE"),
        (RefusalCode.UPSTREAM_TIMEOUT, 504, "DEADLINE_EXCEEDED"),
        (RefusalCode.INTERNAL, 500, "INTERNAL"),
    ],
)
def test_the_body_that_googles_clients_read(
    code: RefusalCode, number: int, status: str
) -> None:
    assert GEMINI is not None
    refusal = Refusal(code=code, message="No.", param="model", limit=Money.usd("20"))
    assert json.loads(GEMINI.refusal_body(refusal, "req_1")) == {
        "error": {
            "code": number,
            "message": "No.",
            "status": status,
            "details": [
                {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": str(code).upper(),
                    "domain": "faregate",
                    "metadata": {
                        "limit": "20",
                        "request_id": "req_1",
                        "field": "model",
                    },
                }
            ],
        }
    }


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: str(codec.name))
def test_the_event_is_read_as_an_error_by_our_own_meter(codec: Codec) -> None:
    meter = codec.meter(strip_usage=False, flags=frozenset())
    meter.feed(codec.error_event(BUDGET, "req_1"))
    answer = meter.answer()
    assert answer.error == BUDGET.message
    assert answer.usage is None


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: str(codec.name))
def test_a_refused_stream_never_ends_cleanly(codec: Codec) -> None:
    stream = codec.error_event(BUDGET, "req_1")
    for word in (b"[DONE]", b"message_stop", b"response.completed", b'STOP"'):
        assert word not in stream


def test_chat_ends_with_an_error_line() -> None:
    ((kind, data),) = events(CODECS[0].error_event(BUDGET, "req_1"))
    assert kind is None
    assert data["error"]["message"] == BUDGET.message
    assert data["error"]["code"] == "budget_exceeded"


def test_messages_ends_with_an_error_event() -> None:
    codec = by_name("anthropic_messages")
    assert codec is not None
    ((kind, data),) = events(codec.error_event(BUDGET, "req_1"))
    assert kind == data["type"] == "error"
    assert data["error"]["type"] == "invalid_request_error"
    assert data["request_id"] == "req_1"


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (RefusalCode.STOPPED, "invalid_prompt"),
        (RefusalCode.LIMIT_EXCEEDED, "invalid_prompt"),
        (RefusalCode.UPSTREAM_BROKEN, "server_error"),
    ],
)
def test_responses_ends_with_two_events(code: RefusalCode, failure: str) -> None:
    codec = by_name("openai_responses")
    assert codec is not None
    first, second = events(
        codec.error_event(Refusal(code=code, message="Stopped."), "req_1")
    )
    assert first[0] == first[1]["type"] == "error"
    assert first[1]["message"] == "Stopped."
    assert second[0] == second[1]["type"] == "response.failed"
    assert second[1]["response"]["status"] == "failed"
    assert second[1]["response"]["error"] == {"code": failure, "message": "Stopped."}


def test_events_hold_one_line_of_data() -> None:
    assert sse_event({"a": "x\ny"}, "e") == b'event: e\ndata: {"a":"x\\ny"}\n\n'
