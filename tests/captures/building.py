"""Captured requests to write and read in tests."""

from __future__ import annotations

from typing import Any

from faregate.core.captured import CapturedAttempt, CapturedBody, CapturedRequest


def body(data: bytes, **more: Any) -> CapturedBody:
    """Return a whole body."""
    return CapturedBody(data=data, length=len(data), **more)


def captured(name: str = "req_1", size: int = 10, **more: Any) -> CapturedRequest:
    """Return a request with one attempt, of about twice `size` bytes."""
    filler = bytes((7 * i * i + len(name) * i) % 251 for i in range(size))
    attempt = CapturedAttempt(
        target="p/m",
        attempt="att_1",
        method="POST",
        url="http://127.0.0.1/v1",
        headers=(("authorization", "Bearer sk-live-0123456789"),),
        body=None,
        sent_ms=3,
        status=200,
        answered_ms=5,
        answer_headers=(("content-type", "text/event-stream"),),
        answer=body(filler, arrivals=((0, 6), (5, 8))),
    )
    fields: dict[str, Any] = {
        "id": name,
        "session": "s",
        "root_session": "s",
        "workspace": "w",
        "protocol": "openai_chat",
        "received_ms": 1_000,
        "method": "POST",
        "path": "/v1/chat/completions",
        "headers": (("user-agent", "a"),),
        "body": body(filler),
        "attempts": (attempt,),
    }
    return CapturedRequest(**{**fields, **more})
