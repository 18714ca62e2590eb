"""Chat Completions, as OpenAI and its many imitators answer it."""

from __future__ import annotations

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
from faregate.smoke.simulated.dialects.openai_shapes import (
    chat_usage,
    openai_error,
    openai_headers,
    wants_usage,
)
from faregate.smoke.simulated.frames import Frame, FrameKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FINISH = {Finish.STOP: "stop", Finish.LENGTH: "length", Finish.TOOLS: "tool_calls"}
_FINGERPRINT = "fp_simulated"


class ChatDialect:
    """POST /v1/chat/completions."""

    name = "chat"
    newline = b"\n"
    caches_at_marks = False
    bound_fields: tuple[str, ...] = ("max_tokens", "max_completion_tokens")

    def ask(self, body: Json, model: str, _query: Mapping[str, str]) -> Ask:
        """Read a request; the smaller of two output bounds holds."""
        listed(body, "messages")
        options = body.get("stream_options")
        stream = body.get("stream") is True
        if options is not None and not stream:
            raise invalid(
                "The 'stream_options' parameter is only allowed when 'stream' is "
                "enabled.",
                "stream_options",
            )
        bounds = [b for b in (bounded(body, f) for f in self.bound_fields) if b]
        return Ask(
            model=model,
            stream=stream,
            max_output=min(bounds, default=None),
            include_usage=wants_usage(options),
            choices=bounded(body, "n") or 1,
            tools=tool_names(body.get("tools")),
            body=body,
        )

    def segments(self, body: Mapping[str, Any]) -> Sequence[Segment]:
        """Return the tools, then each message."""
        return openai_segments(body, "messages")

    def body(self, answer: Answer, ask: Ask) -> Json:
        """Return a `chat.completion`."""
        message = _message(answer)
        return {
            **self._head(answer, "chat.completion"),
            "choices": [
                {
                    "index": index,
                    "message": message,
                    "logprobs": None,
                    "finish_reason": FINISH[answer.finish],
                }
                for index in range(ask.choices)
            ],
            "usage": chat_usage(answer.counts, answer.reported_cost),
        }

    def frames(self, answer: Answer, ask: Ask) -> Iterator[Frame]:
        """Yield chunks; the usage chunk only where it was asked for."""
        for index in range(ask.choices):
            yield from self._choice(answer, ask, index)
        if ask.include_usage:
            usage = chat_usage(answer.counts, answer.reported_cost)
            data = {**self._chunk(answer), "choices": [], "usage": usage}
            yield Frame(kind=FrameKind.USAGE, data=data)
        yield Frame(kind=FrameKind.DONE, data="[DONE]")

    def error(self, error: ApiError) -> Json:
        """Return OpenAI's error body."""
        return openai_error(error)

    def error_frame(self, error: ApiError) -> Frame:
        """Return an error as a nameless event."""
        return Frame(kind=FrameKind.ERROR, data=openai_error(error))

    def usage_slots(self, data: Json) -> list[tuple[Json, str]]:
        """Return the top-level usage, where it holds numbers."""
        return [(data, "usage")] if data.get("usage") else []

    def headers(self, serial: int) -> Mapping[str, str]:
        """Return OpenAI's headers."""
        return openai_headers(serial)

    def _choice(self, answer: Answer, ask: Ask, index: int) -> Iterator[Frame]:
        first = {"role": "assistant", "content": "", "refusal": None}
        yield self._delta(answer, ask, index, first, kind=FrameKind.START)
        opened: set[int] = set()
        for piece in answer.pieces:
            delta = _delta(piece, answer, opened)
            yield self._delta(answer, ask, index, delta, tokens=piece.tokens)
        finish = FINISH[answer.finish]
        yield self._delta(
            answer, ask, index, {}, kind=FrameKind.TERMINAL, finish=finish
        )

    def _delta(
        self,
        answer: Answer,
        ask: Ask,
        index: int,
        delta: Json,
        *,
        kind: FrameKind = FrameKind.DELTA,
        tokens: int = 0,
        finish: str | None = None,
    ) -> Frame:
        choice = {
            "index": index,
            "delta": delta,
            "logprobs": None,
            "finish_reason": finish,
        }
        data = {**self._chunk(answer), "choices": [choice]}
        if ask.include_usage:
            data["usage"] = None
        return Frame(kind=kind, data=data, tokens=tokens)

    def _chunk(self, answer: Answer) -> Json:
        return self._head(answer, "chat.completion.chunk")

    def _head(self, answer: Answer, kind: str) -> Json:
        return {
            "id": f"chatcmpl-sim{answer.serial:06d}",
            "object": kind,
            "created": answer.created,
            "model": answer.model,
            "service_tier": "default",
            "system_fingerprint": _FINGERPRINT,
        }


def openai_segments(body: Mapping[str, Any], messages: str) -> list[Segment]:
    """Return the tools as one segment, the instructions, then each message."""
    parts = [body[name] for name in ("tools", "instructions") if body.get(name)]
    turns = body.get(messages)
    parts += turns if isinstance(turns, list) else [turns]
    return [Segment(data=packed(part)) for part in parts]


def _message(answer: Answer) -> Json:
    message: Json = {
        "role": "assistant",
        "content": answer.text or (None if answer.calls else ""),
        "refusal": None,
        "annotations": [],
    }
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    if answer.calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": answer.arguments(index)},
            }
            for index, call in enumerate(answer.calls)
        ]
    return message


def _delta(piece: Piece, answer: Answer, opened: set[int]) -> Json:
    if piece.kind is PieceKind.REASONING:
        return {"reasoning_content": piece.text}
    if piece.kind is PieceKind.TEXT:
        return {"content": piece.text}
    part: Json = {"index": piece.call, "function": {"arguments": piece.text}}
    if piece.call not in opened:
        opened.add(piece.call)
        call = answer.calls[piece.call]
        part |= {"id": call.id, "type": "function"}
        part["function"] = {"name": call.name, "arguments": piece.text}
    return {"tool_calls": [part]}
