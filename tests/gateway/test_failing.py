"""From faults, error bodies and error events to what went wrong."""

from __future__ import annotations

import json

import pytest

from faregate.core.faults import FaultKind, UpstreamError
from faregate.core.refusal import Refusal, RefusalCode
from faregate.core.retrying import Trouble
from faregate.gateway import failing
from faregate.gateway.forwarding import Delivered
from faregate.gateway.inbound import Whole
from faregate.protocols.codec import Answer
from faregate.providers.spec import ErrorClass
from tests.gateway.gates import SPEC


def whole(status: int, message: str = "x", **headers: str) -> Whole:
    body = json.dumps({"error": {"message": message}}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Whole(status=status, headers=named, body=body)


def delivered(answer: Whole, error: str | None = None) -> Delivered:
    return Delivered(whole=answer, answer=Answer(error=error))


@pytest.mark.parametrize(
    ("kind", "sent", "trouble"),
    [
        (FaultKind.CONNECT, False, Trouble.CONNECT),
        (FaultKind.TIMEOUT, False, Trouble.CONNECT),
        (FaultKind.TIMEOUT, True, Trouble.TIMEOUT),
        (FaultKind.RESET, True, Trouble.BROKEN),
        (FaultKind.MALFORMED, True, Trouble.BROKEN),
        (FaultKind.TOO_LARGE, True, Trouble.BROKEN),
        (FaultKind.LOCAL, False, Trouble.LOCAL),
    ],
)
def test_a_fault(kind: FaultKind, sent: bool, trouble: Trouble) -> None:
    failure = failing.of_fault(UpstreamError(kind, "it broke", sent=sent))
    assert (failure.trouble, failure.message) == (trouble, "it broke")


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (whole(401), Trouble.KEY),
        (whole(402), Trouble.QUOTA),
        (whole(403), Trouble.FORBIDDEN),
        (whole(404, "model m does not exist"), Trouble.MODEL_GONE),
        (whole(429), Trouble.RATE_LIMIT),
        (whole(429, "insufficient_quota"), Trouble.QUOTA),
        (whole(400, "no such field"), Trouble.REQUEST),
        (whole(400, "prompt is too long"), Trouble.CONTEXT),
        (whole(500), Trouble.SERVER_ERROR),
        (whole(503), Trouble.OVERLOADED),
    ],
)
def test_an_error_body(answer: Whole, trouble: Trouble) -> None:
    found = failing.of_whole(SPEC, delivered(answer), now=0)
    assert (found.trouble, found.status) == (trouble, answer.status)


def test_an_error_inside_a_good_status_is_told_in_its_words() -> None:
    bad = failing.of_whole(SPEC, delivered(whole(200), error="no money"), now=0)
    assert bad.message == "no money"


def test_what_is_no_answer_is_broken() -> None:
    refusal = Refusal(code=RefusalCode.UPSTREAM_BROKEN, message="p: HTML")
    assert failing.of_unusable(refusal, 200).trouble is Trouble.BROKEN


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry_after": "3"}, 3),
        ({"retry_after_ms": "250"}, 0.25),
        ({"retry_after": "Thu, 01 Jan 1970 00:00:10 GMT"}, 8),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "-4"}, None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], wait: float | None) -> None:
    found = failing.of_whole(SPEC, delivered(whole(429, **headers)), now=2)
    assert found.retry_after == wait


@pytest.mark.parametrize(
    ("message", "code", "trouble"),
    [
        ("Overloaded", "529", Trouble.OVERLOADED),
        ("slow down", "429", Trouble.RATE_LIMIT),
        ("something", "server_error", Trouble.STREAM_ERROR),
        ("something", None, Trouble.STREAM_ERROR),
        ("insufficient balance", "402", Trouble.QUOTA),
    ],
)
def test_an_error_event(message: str, code: str | None, trouble: Trouble) -> None:
    answer = Answer(error=message, error_code=code)
    found = failing.of_stream(SPEC, answer)
    assert (found.trouble, found.message) == (trouble, message)


def test_each_class_of_error_is_some_trouble() -> None:
    assert set(failing._TROUBLES) == set(ErrorClass)
