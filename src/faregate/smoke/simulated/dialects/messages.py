"""Anthropic's Messages."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, Any

from faregate.smoke.simulated.answer import Answer, Finish, Piece, PieceKind
from faregate.smoke.simulated.ask import (
    ApiError,
    Ask,
    Json,
    Segment,
    bounded,
    invalid,
    listed,
)
from faregate.smoke.simulated.dialects.dialect import packed, tool_names
from faregate.smoke.simulated.frames import Frame, FrameKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from faregate.smoke.simulated.rates import Counts

FINISH = {
    Finish.STOP: "end_turn",
    Finish.LENGTH: "max_tokens",
    Finish.TOOLS: "tool_use",
}
_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    422: "invalid_request_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_SIGNATURE = "c2ltdWxhdGVkIHNpZ25hdHVyZQ=="


class MessagesDialect:
    """POST /v1/messages."""

    name = "messages"
    newline = b"\n"
    caches_at_marks = True
    bound_fields: tuple[str, ...] = ("max_tokens",)

    def ask(self, body: Json, model: str, _query: Mapping[str, str]) -> Ask:
        """Read a request; the output bound is required."""
        listed(body, "messages")
        bound = bounded(body, "max_tokens")
        if bound is None:
            raise invalid("max_tokens: Field required")
        return Ask(
            model=model,
            stream=body.get("stream") is True,
            max_output=bound,
            include_usage=True,
            tools=tool_names(body.get("tools")),
            body=body,
        )

    def segments(self, body: Mapping[str, Any]) -> Sequence[Segment]:
        """Return the tools, the system blocks, then each content block."""
        parts = [*_items(body.get("tools")), *_items(body.get("system"))]
        for turn in _items(body.get("messages")):
            content = turn.get("content") if isinstance(turn, dict) else turn
            parts.extend(_items(content))
        return [_segment(part) for part in parts]

    def body(self, answer: Answer, _ask: Ask) -> Json:
        """Return a `message`."""
        content = [
            _block(kind, call, answer, filled=True) for kind, call in _blocks(answer)
        ]
        return {
            **_message(answer),
            "content": content,
            "stop_reason": FINISH[answer.finish],
            "usage": _usage(answer.counts, answer.counts.output),
        }

    def frames(self, answer: Answer, _ask: Ask) -> Iterator[Frame]:
        """Yield message_start, the blocks, message_delta with the final usage, stop."""
        # The real API counts one output token before it has written anything.
        early = _usage(answer.counts, 1)
        start = {**_message(answer), "content": [], "stop_reason": None, "usage": early}
        yield _event(FrameKind.START, "message_start", message=start)
        yield _event(FrameKind.NOISE, "ping")
        grouped = groupby(answer.pieces, key=lambda piece: (piece.kind, piece.call))
        for index, ((kind, call), pieces) in enumerate(grouped):
            yield from _block_frames(index, kind, call, list(pieces), answer)
        yield _event(
            FrameKind.USAGE,
            "message_delta",
            delta={"stop_reason": FINISH[answer.finish], "stop_sequence": None},
            usage=_usage(answer.counts, answer.counts.output),
        )
        yield _event(FrameKind.TERMINAL, "message_stop")

    def error(self, error: ApiError) -> Json:
        """Return Anthropic's error body."""
        kind = error.kind or _KINDS.get(error.status, "api_error")
        return {
            "type": "error",
            "error": {"type": kind, "message": error.message},
            "request_id": "req_simulated",
        }

    def error_frame(self, error: ApiError) -> Frame:
        """Return an error event."""
        return Frame(kind=FrameKind.ERROR, event="error", data=self.error(error))

    def usage_slots(self, data: Json) -> list[tuple[Json, str]]:
        """Return the usage of a message, of message_start or of message_delta."""
        slots = [(data, "usage")] if data.get("usage") else []
        message = data.get("message")
        if isinstance(message, dict) and message.get("usage"):
            slots.append((message, "usage"))
        return slots

    def headers(self, serial: int) -> Mapping[str, str]:
        """Return Anthropic's headers."""
        return {
            "request-id": f"req_{serial:024d}",
            "anthropic-organization-id": "00000000-0000-0000-0000-000000000000",
            "anthropic-ratelimit-requests-limit": "4000",
            "anthropic-ratelimit-requests-remaining": str(max(0, 4000 - serial)),
            "anthropic-ratelimit-requests-reset": "2026-11-23T00:00:00Z",
        }


def _items(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _segment(part: Any) -> Segment:
    if not isinstance(part, dict):
        return Segment(data=packed(part))
    control = part.get("cache_control")
    mark = None
    if isinstance(control, dict):
        mark = "1h" if control.get("ttl") == "1h" else "5m"
    # A marker moves from turn to turn, so it is no part of what is cached.
    rest = {key: value for key, value in part.items() if key != "cache_control"}
    return Segment(data=packed(rest), mark=mark)


def _message(answer: Answer) -> Json:
    return {
        "id": f"msg_sim{answer.serial:06d}",
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "stop_sequence": None,
    }


def _usage(counts: Counts, output: int) -> Json:
    return {
        "input_tokens": counts.input,
        "cache_creation_input_tokens": counts.cache_write + counts.cache_write_1h,
        "cache_read_input_tokens": counts.cached,
        "cache_creation": {
            "ephemeral_5m_input_tokens": counts.cache_write,
            "ephemeral_1h_input_tokens": counts.cache_write_1h,
        },
        "output_tokens": output,
        "service_tier": "standard",
    }


def _blocks(answer: Answer) -> list[tuple[PieceKind, int]]:
    return list(dict.fromkeys((piece.kind, piece.call) for piece in answer.pieces))


def _block(kind: PieceKind, call: int, answer: Answer, *, filled: bool) -> Json:
    if kind is PieceKind.REASONING:
        thought = answer.reasoning if filled else ""
        signature = _SIGNATURE if filled else ""
        return {"type": "thinking", "thinking": thought, "signature": signature}
    if kind is PieceKind.TEXT:
        return {"type": "text", "text": answer.text if filled else ""}
    tool = answer.calls[call]
    given = _parsed(answer.arguments(call)) if filled else {}
    return {
        "type": "tool_use",
        "id": tool.id.replace("call_", "toolu_", 1),
        "name": tool.name,
        "input": given,
    }


def _parsed(arguments: str) -> Any:
    """Return the arguments as JSON; a whole message has no place for broken ones."""
    try:
        return json.loads(arguments or "{}")
    except ValueError:
        return {}


def _block_frames(
    index: int, kind: PieceKind, call: int, pieces: list[Piece], answer: Answer
) -> Iterator[Frame]:
    block = _block(kind, call, answer, filled=False)
    yield _event(
        FrameKind.DELTA, "content_block_start", index=index, content_block=block
    )
    for piece in pieces:
        yield _event(
            FrameKind.DELTA,
            "content_block_delta",
            piece.tokens,
            index=index,
            delta=_delta(piece),
        )
    if kind is PieceKind.REASONING:
        sealed = {"type": "signature_delta", "signature": _SIGNATURE}
        yield _event(FrameKind.DELTA, "content_block_delta", index=index, delta=sealed)
    yield _event(FrameKind.DELTA, "content_block_stop", index=index)


def _delta(piece: Piece) -> Json:
    if piece.kind is PieceKind.REASONING:
        return {"type": "thinking_delta", "thinking": piece.text}
    if piece.kind is PieceKind.TEXT:
        return {"type": "text_delta", "text": piece.text}
    return {"type": "input_json_delta", "partial_json": piece.text}


def _event(kind: FrameKind, event: str, tokens: int = 0, **fields: Any) -> Frame:
    data = {"type": event, **fields}
    return Frame(kind=kind, event=event, data=data, tokens=tokens)
