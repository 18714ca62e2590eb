"""Answers that should be errors, in every dress."""

from __future__ import annotations

import pytest

from faregate.smoke.asking.transcript import Broke, Transcript
from faregate.smoke.error_shape import Form, form_of, message_of, names, shown
from faregate.smoke.reading import Said

KEY = "sk-canary-000001"


def answer(
    status: int | None, body: bytes = b"", kind: str = "application/json"
) -> Transcript:
    return Transcript(
        sent={}, stream=False, status=status, body=body, headers={"content-type": kind}
    )


@pytest.mark.parametrize(
    ("asked", "form"),
    [
        (answer(401, b'{"error": {"message": "no", "code": "x"}}'), Form.JSON),
        (answer(401, b'[{"error": {"message": "no"}}]'), Form.ARRAY),
        (answer(400, b'{"object": "error", "message": "no", "code": 1}'), Form.JSON),
        (answer(400, b'{"detail": "no"}'), Form.JSON),
        (
            answer(200, b'{"base_resp": {"status_code": 1004, "status_msg": "no"}}'),
            Form.STATUS_BLOCK,
        ),
        (answer(200, b"<html>", "text/html"), Form.PAGE),
        (answer(502, b" <!DOCTYPE html>", "text/plain"), Form.PAGE),
        (answer(500, b""), Form.EMPTY),
        (answer(500, b"Internal Server Error"), Form.TEXT),
        (answer(200, b'{"ok": true}'), Form.OTHER_JSON),
        (answer(None), Form.NONE),
    ],
)
def test_forms(asked: Transcript, form: Form) -> None:
    assert form_of(asked) is form
    assert shown(asked)


def test_an_answer_is_an_answer() -> None:
    said = Said()
    said.text = "Hello"
    asked = Transcript(sent={}, stream=False, status=200, body=b"{}", said=said)
    assert form_of(asked) is Form.ANSWER
    assert 'wrote "Hello"' in shown(asked)


def test_messages_and_names() -> None:
    asked = answer(400, b'{"error": {"message": "Unknown Field foo", "code": "bad"}}')
    assert message_of(asked) == "Unknown Field foo"
    assert shown(asked) == "400 bad: Unknown Field foo"
    assert names(asked, "unknown field")
    assert not names(asked, "bar")
    assert message_of(answer(400, b"{}")) == ""
    assert message_of(answer(400, b'{"error": {"message": ""}}')) == ""


def test_what_is_shown_is_safe_and_short() -> None:
    body = (
        b'{"error": {"message": "bad '
        + KEY.encode()
        + b" \\u001b[2J "
        + b"x" * 900
        + b'"}}'
    )
    line = shown(answer(401, body), KEY)
    assert KEY not in line
    assert "\x1b" not in line
    assert len(line) <= 160


def test_broken_exchanges_say_how() -> None:
    cut = Transcript(
        sent={}, stream=True, status=200, broke=Broke.CUT, fault="the connection broke"
    )
    assert shown(cut) == "200, then the connection broke"
    gone = Transcript(sent={}, stream=True, broke=Broke.UNREACHED, fault="refused")
    assert shown(gone) == "refused"
    assert "redirect" in shown(answer(307))
