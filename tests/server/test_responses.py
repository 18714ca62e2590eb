from __future__ import annotations

import json
from typing import Any

import pytest

from faregate.core.money import Money
from faregate.core.refusal import Refusal, RefusalCode
from faregate.protocols.statuses import GATE_DECISIONS
from faregate.server.answer import Answer
from faregate.server.responses import new_request_id, refusal_answer

LITELLM = {"user-agent": "litellm/1.80.0"}


def refused(code: RefusalCode) -> Refusal:
    return Refusal(
        code=code, message="It is so.", scope="global", limit=Money.usd(20), param="x"
    )


def body_of(response: Answer) -> Any:
    return json.loads(response.body)


def test_request_ids_differ_and_sort_by_time() -> None:
    ids = [new_request_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    stamps = [name[:15] for name in ids]
    assert stamps == sorted(stamps)
    assert all(name.startswith("req_") and name[4:].isalnum() for name in ids)


@pytest.mark.parametrize("code", RefusalCode)
def test_every_refusal_is_an_answer_that_agents_stop_at(code: RefusalCode) -> None:
    response = refusal_answer(refused(code), "req_1", {}, None, "/v1/messages")
    told = body_of(response)
    assert told["type"] == "error"
    assert told["error"]["message"] == "It is so."
    assert told["error"]["code"] == code.value == response.headers["x-faregate-refusal"]
    assert told["request_id"] == response.headers["x-faregate-request-id"] == "req_1"
    assert response.headers["server"] == "faregate"
    assert "retry-after" not in response.headers
    may_pass = code.value.startswith("upstream") or code in {
        RefusalCode.PROVIDER_RESTING,
        RefusalCode.SHUTTING_DOWN,
    }
    assert (response.headers.get("x-should-retry") == "false") != may_pass
    if code in GATE_DECISIONS:
        assert response.status == 400
        assert refusal_answer(
            refused(code), "req_1", LITELLM, None, "/v1/messages"
        ).status == (404)


def test_litellm_reads_a_type_that_it_does_not_repeat() -> None:
    refusal = refused(RefusalCode.BUDGET_EXCEEDED)
    response = refusal_answer(refusal, "req_1", LITELLM, None, "/v1/x")
    assert body_of(response)["error"]["type"] == "not_found_error"
    response = refusal_answer(refusal, "req_1", {}, None, "/v1/x")
    assert body_of(response)["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("path", "gemini"),
    [
        ("/v1beta/models/x:generateContent", True),
        ("/w/acme/v1beta/models/x:generateContent", True),
        ("/s/run-1/v1/models/x:streamGenerateContent", True),
        ("/v1/chat/completions", False),
        ("/w/acme/v1/messages", False),
        ("/v1beta-nothing", False),
        ("/", False),
        ("", False),
        ("/w/\x00/v1", False),
    ],
)
def test_the_path_tells_the_dialect(path: str, gemini: bool) -> None:
    refusal = refused(RefusalCode.NOT_FOUND)
    told = body_of(refusal_answer(refusal, "req_1", {}, None, path))
    assert ("status" in told["error"]) == gemini


def test_a_client_that_waits_for_leave_is_hung_up_on() -> None:
    refusal = refused(RefusalCode.UNAUTHORIZED)
    waits = {"expect": "100-continue"}
    for headers, closes in (({}, False), (waits, True)):
        response = refusal_answer(refusal, "req_1", headers, None, "/v1/x")
        assert response.closes is closes


def test_a_refusal_is_whole_http() -> None:
    answer = refusal_answer(
        refused(RefusalCode.REQUEST_TIMEOUT), "req_1", {}, None, "/"
    )
    assert answer.closes
    raw = answer.to_bytes("1.1", keep_alive=False, bodiless=False)
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:])
    assert lines[0] == "HTTP/1.1 408 Request Timeout"
    assert headers["content-type"] == "application/json"
    assert headers["content-length"] == str(len(body))
    assert headers["connection"] == "close"
    assert headers["x-faregate-request-id"] == "req_1"
    assert json.loads(body)["error"]["code"] == "request_timeout"
