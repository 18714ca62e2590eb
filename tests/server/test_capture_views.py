"""What a captured request looks like to whoever asks, however hostile it is."""

from __future__ import annotations

from dataclasses import replace

from faregate.captures.document import head_of
from faregate.core.captured import CapturedReply
from faregate.server.capture_views import body_of, capture_view, head_view
from tests.captures.building import body, captured

HOSTILE = "\x1b]0;owned\x07\u202e"


def test_text_is_made_harmless() -> None:
    request = captured(
        path=f"/v1/{HOSTILE}",
        headers=(("x-odd", HOSTILE), (HOSTILE, "v")),
        refusal=HOSTILE,
        session=HOSTILE,
    )
    attempt = replace(
        request.attempts[0], error=HOSTILE, answer_headers=(("server", HOSTILE),)
    )
    view = capture_view(replace(request, attempts=(attempt,)))
    for text in (repr(view), repr(head_view(head_of(request)))):
        assert "\\x1b" not in text
        assert "\\u202e" not in text


def test_bodies_are_found_where_they_are() -> None:
    request = captured(size=20)
    answer = request.attempts[0].answer
    assert body_of(request, "request", 0) == request.body
    # It was sent as it came.
    assert body_of(request, "sent", 1) == request.body
    assert body_of(request, "answer", 1) == answer
    for number in (0, 2, 99):
        assert body_of(request, "answer", number) is None
        assert body_of(request, "sent", number) is None
    assert body_of(request, "reply", 0) is None
    same = replace(request, reply=CapturedReply(status=200))
    assert body_of(same, "reply", 0) == answer
    own = replace(request, reply=CapturedReply(status=200, body=body(b"x")))
    assert body_of(own, "reply", 0) == body(b"x")
    none = replace(same, attempts=())
    assert body_of(none, "reply", 0) is None
    other = replace(
        request, attempts=(replace(request.attempts[0], body=body(b"other")),)
    )
    assert body_of(other, "sent", 1) == body(b"other")


def test_a_view_says_how_much_came() -> None:
    request = captured(size=20)
    view = capture_view(request)
    assert (view.body.length, view.body.kept) == (20, 20)
    (attempt,) = view.attempts
    assert attempt.number == 1
    assert attempt.body is None
    assert attempt.answer is not None
    assert attempt.answer.arrivals == [(0, 6), (5, 8)]
    assert view.reply is None
