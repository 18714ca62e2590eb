"""Captured requests as the control API's models; text is made harmless here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.control.capture import (
    BodyView,
    CapturedAttemptView,
    CaptureHeadView,
    CaptureView,
    Part,
    ReplyView,
)
from faregate.control.sanitise import sanitise, sanitise_optional
from faregate.server.cost_views import exact_instant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faregate.captures.document import CaptureHead
    from faregate.core.captured import (
        CapturedAttempt,
        CapturedBody,
        CapturedReply,
        CapturedRequest,
        Header,
    )

_LONGEST = 4000


def head_view(head: CaptureHead) -> CaptureHeadView:
    """Return a captured request as a list shows it."""
    return CaptureHeadView(
        request=head.id,
        session=sanitise(head.session),
        workspace=sanitise_optional(head.workspace),
        at=exact_instant(head.received_ms),
        method=sanitise(head.method),
        path=sanitise(head.path, limit=_LONGEST),
        status=head.status,
        attempts=head.attempts,
        body_bytes=head.body_bytes,
        answer_bytes=head.answer_bytes,
    )


def capture_view(request: CapturedRequest) -> CaptureView:
    """Return a captured request without its bodies."""
    return CaptureView(
        request=request.id,
        session=sanitise(request.session),
        workspace=sanitise_optional(request.workspace),
        protocol=sanitise(request.protocol),
        at=exact_instant(request.received_ms),
        method=sanitise(request.method),
        path=sanitise(request.path, limit=_LONGEST),
        headers=_headers(request.headers),
        body=_known(request.body),
        attempts=[
            _attempt_view(number, each)
            for number, each in enumerate(request.attempts, 1)
        ],
        reply=_reply_view(request.reply),
        refusal=sanitise_optional(request.refusal, limit=_LONGEST),
        duration_ms=request.duration_ms,
    )


def body_of(request: CapturedRequest, part: Part, attempt: int) -> CapturedBody | None:
    """Return one body, attempts counted from 1; None where there is none.

    What was not kept twice is found where it is: an attempt that sent the client's
    own body, a client that was given the last attempt's answer.
    """
    attempts = request.attempts
    if part == "request":
        return request.body
    if part == "reply":
        if request.reply is None:
            return None
        if request.reply.body is not None:
            return request.reply.body
        return attempts[-1].answer if attempts else None
    if not 0 < attempt <= len(attempts):
        return None
    found = attempts[attempt - 1]
    return (found.body or request.body) if part == "sent" else found.answer


def _attempt_view(number: int, each: CapturedAttempt) -> CapturedAttemptView:
    return CapturedAttemptView(
        number=number,
        target=sanitise(each.target),
        attempt=each.attempt,
        method=sanitise(each.method),
        url=sanitise(each.url, limit=_LONGEST),
        headers=_headers(each.headers),
        body=_body(each.body),
        sent_ms=each.sent_ms,
        status=each.status,
        answered_ms=each.answered_ms,
        answer_headers=_headers(each.answer_headers),
        answer=_body(each.answer),
        error=sanitise_optional(each.error, limit=_LONGEST),
    )


def _reply_view(reply: CapturedReply | None) -> ReplyView | None:
    if reply is None:
        return None
    return ReplyView(
        status=reply.status, headers=_headers(reply.headers), body=_body(reply.body)
    )


def _body(body: CapturedBody | None) -> BodyView | None:
    return None if body is None else _known(body)


def _known(body: CapturedBody) -> BodyView:
    return BodyView(
        length=body.length,
        kept=len(body.data),
        complete=body.complete,
        arrivals=list(body.arrivals),
    )


def _headers(headers: Iterable[Header]) -> list[tuple[str, str]]:
    return [
        (sanitise(name), sanitise(value, limit=_LONGEST)) for name, value in headers
    ]
