"""A proxy that captured one of its requests: two attempts, hostile text, a long body."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

from faregate.control.capture import CaptureOn, CaptureStatus
from faregate.control.models import Problem
from faregate.core.captured import (
    CapturedAttempt,
    CapturedBody,
    CapturedReply,
    CapturedRequest,
)
from faregate.server.capture_views import body_of, capture_view
from tests.control.fake_proxy import FakeProxy
from tests.tui.cost_scene import SESSION

HOSTILE = "\x1b]0;owned\x07 \u202eevil"
TURNS = 63


def body(data: bytes, **more: Any) -> CapturedBody:
    return CapturedBody(**{"data": data, "length": len(data), **more})


def asked() -> dict[str, Any]:
    turns = [
        {"role": "user", "content": f"turn number {n}: {HOSTILE}"} for n in range(TURNS)
    ]
    turns[-1]["content"] = "the first line\nand the needle below"
    return {"model": "claude-opus-4-6", "max_tokens": 8192, "messages": turns}


def event(**data: Any) -> bytes:
    return f"event: {data['type']}\ndata: {json.dumps(data)}\n\n".encode()


CHUNKS = [
    event(type="message_start", message={"id": "m", "usage": {"input_tokens": 9}}),
    event(
        type="content_block_start", index=0, content_block={"type": "text", "text": ""}
    ),
    event(
        type="content_block_delta",
        index=0,
        delta={"type": "text_delta", "text": f"Hello you {HOSTILE}"},
    ),
    event(type="content_block_stop", index=0),
    event(
        type="message_delta",
        delta={"stop_reason": "end_turn"},
        usage={"output_tokens": 3},
    ),
    event(type="message_stop"),
]
STREAM = b"".join(CHUNKS)


def captured(name: str = "req-17") -> CapturedRequest:
    sent = json.dumps({"model": "other", "asked": "of openrouter"}).encode()
    starts = [sum(map(len, CHUNKS[:n])) for n in range(len(CHUNKS))]
    headers = (
        ("authorization", "Bearer [redacted]"),
        ("anthropic-version", "2023-06-01"),
        ("x-odd", HOSTILE),
    )
    first = CapturedAttempt(
        target="anthropic/claude-opus-4-6",
        attempt="a1",
        method="POST",
        url="https://api.anthropic.com/v1/messages",
        headers=headers,
        body=None,
        sent_ms=400,
        status=529,
        answered_ms=800,
        answer_headers=(("retry-after", "3"),),
        answer=body(b'{"type":"error","error":{"message":"overloaded here"}}'),
    )
    second = CapturedAttempt(
        target="openrouter/claude-opus-4-6",
        attempt="a2",
        method="POST",
        url="https://openrouter.ai/api/v1/messages",
        headers=(("x-api-key", "[redacted]"),),
        body=body(sent),
        sent_ms=900,
        status=200,
        answered_ms=2900,
        answer_headers=(("content-type", "text/event-stream"),),
        answer=body(
            STREAM,
            length=len(STREAM) + 5000,
            arrivals=tuple((start, 3000 + n) for n, start in enumerate(starts)),
            complete=False,
        ),
    )
    return CapturedRequest(
        id=name,
        session=SESSION,
        root_session=SESSION,
        workspace="infra",
        protocol="anthropic_messages",
        received_ms=1_000,
        method="POST",
        path="/w/infra/v1/messages?beta=true",
        headers=headers,
        body=body(json.dumps(asked()).encode()),
        attempts=(first, second),
        reply=CapturedReply(
            status=200,
            headers=(("content-type", "text/event-stream"),),
            body=body(b"data: what the agent got\n\n"),
        ),
        duration_ms=14_000,
    )


STATUS = CaptureStatus(
    on=False,
    source="config",
    until=None,
    session=None,
    workspaces=[],
    folder="/home/me/state/captures",
    captures=0,
    bytes=0,
    max_body=1,
    max_size=2,
    max_age_s=3.0,
)


@dataclass(slots=True)
class Kept(FakeProxy):
    """A fake proxy that captured these requests, and can be told to capture."""

    kept: dict[str, CapturedRequest] = field(
        default_factory=lambda: {"req-17": captured()}
    )
    status: CaptureStatus = STATUS
    asked: list[CaptureOn] = field(default_factory=list)

    def _told(self, request: web.Request) -> web.Response | None:
        parts = request.path.split("/")[2:]
        match request.method, parts:
            case "GET", ["capture"]:
                return _json(self.status)
            case "POST", ["capture", "on"]:
                self.asked.append(
                    msgspec.json.decode(self.seen[-1].body, type=CaptureOn)
                )
                self.status = msgspec.structs.replace(self.status, on=True)
                return _json(self.status)
            case "POST", ["capture", "off"]:
                self.status = msgspec.structs.replace(self.status, on=False)
                return _json(self.status)
            case "GET", ["captures", name, *rest]:
                return self._captured(name, request if rest else None)
            case _:
                # Without arguments it would be the class of before the slots.
                return FakeProxy._told(self, request)

    def _captured(self, name: str, request: web.Request | None) -> web.Response:
        found = self.kept.get(name)
        if found is None:
            told = (
                f"request {name} was not captured; turn it on with: faregate capture on"
            )
            return _json(Problem(code="not_captured", message=told), 404)
        if request is None:
            return _json(capture_view(found))
        query: Any = request.query
        got = body_of(found, query["part"], int(query["attempt"]))
        return web.Response(body=b"" if got is None else got.data)


def _json(told: object, status: int = 200) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(told), status=status, content_type="application/json"
    )
