from __future__ import annotations

import pytest

from faregate.control.errors import ControlError
from faregate.control.models import VersionInfo
from faregate.control.wire import (
    check_version,
    parse_head,
    problem,
    request_bytes,
    split_answer,
)


def test_a_request_is_plain_http() -> None:
    octets = request_bytes("POST", "/v1/budgets", body=b"{}", headers={"x-a": "b"})
    assert octets == (
        b"POST /v1/budgets HTTP/1.0\r\nHost: localhost\r\nAccept: application/json\r\n"
        b"x-a: b\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    )


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "a\nb", "ü", "\x00"])
def test_a_header_cannot_smuggle_another(value: str) -> None:
    with pytest.raises(ControlError) as raised:
        request_bytes("GET", "/", headers={"x-faregate-admin": value})
    assert raised.value.code == "bad_header"
    assert value not in raised.value.message


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2",
        b"HTTP/1.1",
        b"HTTP/1.1 abc OK",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked",
    ],
)
def test_what_is_no_answer_of_ours_is_told(head: bytes) -> None:
    with pytest.raises(ControlError) as raised:
        parse_head(head)
    assert raised.value.code == "bad_answer"


def test_an_answer_is_split_by_its_length() -> None:
    head, body = split_answer(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}extra")
    assert (head.status, head.length, body) == (200, 2, b"{}")
    head, body = split_answer(b"HTTP/1.0 204 No Content\r\n\r\nall of it")
    assert (head.status, head.length, body) == (204, None, b"all of it")


def test_a_cut_answer_is_told() -> None:
    with pytest.raises(ControlError) as raised:
        split_answer(b"HTTP/1.0 200 OK\r\nContent-Length: 20\r\n\r\n{}")
    assert raised.value.code == "cut_answer"


def test_a_problem_keeps_its_code_and_other_bodies_their_status() -> None:
    told = problem(409, b'{"code":"taken","message":"somebody has it"}')
    assert (told.code, told.message) == ("taken", "somebody has it")
    assert problem(502, b"<html>").message == "the proxy answered with status 502"


@pytest.mark.parametrize("status", [404, 405])
def test_a_route_that_is_not_there_means_an_older_proxy(status: int) -> None:
    told = problem(status, b'{"code":"http_error","message":"Not Found"}')
    assert told.code == "unknown_ask"
    assert "older than this program" in told.message
    assert told.message.endswith("faregate down; faregate up")
    known = problem(404, b'{"code":"not_found","message":"there is no request x"}')
    assert (known.code, known.message) == ("not_found", "there is no request x")


def test_another_control_version_is_named_with_what_to_do() -> None:
    check_version(VersionInfo(version="0.1.0", control=1))
    with pytest.raises(ControlError, match="faregate down") as raised:
        check_version(VersionInfo(version="9.0.0", control=2))
    assert raised.value.code == "version_mismatch"
