"""Gemini's generateContent and streamGenerateContent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from faregate.smoke.simulated.answer import Answer, Finish, Piece, PieceKind
from faregate.smoke.simulated.ask import ApiError, Ask, Json, Segment, bounded, listed
from faregate.smoke.simulated.dialects.dialect import packed, tool_names
from faregate.smoke.simulated.frames import Frame, FrameKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from faregate.smoke.simulated.rates import Counts

_FINISH = {Finish.STOP: "STOP", Finish.LENGTH: "MAX_TOKENS", Finish.TOOLS: "STOP"}
_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


class GeminiDialect:
    """POST /v1beta/models/M:generateContent and its streaming twin."""

    name = "gemini"
    newline = b"\r\n"
    caches_at_marks = False
    bound_fields: tuple[str, ...] = ("maxOutputTokens",)

    def __init__(self, *, stream: bool) -> None:
        self._stream = stream

    def ask(self, body: Json, model: str, query: Mapping[str, str]) -> Ask:
        """Read a request; the model and the stream are in the path."""
        listed(body, "contents")
        config = body.get("generationConfig")
        config = config if isinstance(config, dict) else {}
        return Ask(
            model=model,
            stream=self._stream,
            max_output=bounded(config, "maxOutputTokens"),
            include_usage=True,
            choices=bounded(config, "candidateCount") or 1,
            tools=tool_names(_declared(body.get("tools"))),
            inline_stream=self._stream and query.get("alt") != "sse",
            body=body,
        )

    def segments(self, body: Mapping[str, Any]) -> Sequence[Segment]:
        """Return the tools, the system instruction, then each content."""
        heads = [body[n] for n in ("tools", "systemInstruction") if body.get(n)]
        return [Segment(data=packed(p)) for p in [*heads, *body.get("contents", [])]]

    def body(self, answer: Answer, ask: Ask) -> Json:
        """Return a GenerateContentResponse."""
        parts: list[Json] = []
        if answer.reasoning:
            parts.append({"text": answer.reasoning, "thought": True})
        if answer.text:
            parts.append({"text": answer.text})
        parts += [_call(answer, index) for index in range(len(answer.calls))]
        return _response(answer, ask.choices, parts, answer.counts.output, ends=True)

    def frames(self, answer: Answer, ask: Ask) -> Iterator[Frame]:
        """Yield one response a piece; usage rides on each of them."""
        total = answer.counts.output
        done = 0
        last_of_call = {piece.call: n for n, piece in enumerate(answer.pieces)}
        for number, piece in enumerate(answer.pieces):
            tokens = piece.tokens * ask.choices
            done += tokens
            if piece.kind is not PieceKind.TOOL:
                part = _text(piece)
            elif last_of_call[piece.call] == number:
                part = _call(answer, piece.call)
            else:
                # This API sends a call in one piece, however long it was generated.
                yield Frame(kind=FrameKind.NOISE, raw=b"", tokens=tokens)
                continue
            data = _response(answer, ask.choices, [part], done, ends=False)
            yield Frame(kind=FrameKind.DELTA, data=data, tokens=tokens)
        final = _response(answer, ask.choices, [{"text": ""}], total, ends=True)
        yield Frame(kind=FrameKind.TERMINAL, data=final)

    def error(self, error: ApiError) -> Json:
        """Return Google's error body."""
        status = _STATUSES.get(error.status, "UNKNOWN")
        return {
            "error": {
                "code": error.status,
                "message": error.message,
                "status": error.kind or status,
            }
        }

    def error_frame(self, error: ApiError) -> Frame:
        """Return an error as an event of its own."""
        return Frame(kind=FrameKind.ERROR, data=self.error(error))

    def usage_slots(self, data: Json) -> list[tuple[Json, str]]:
        """Return the usageMetadata."""
        return [(data, "usageMetadata")] if data.get("usageMetadata") else []

    def headers(self, serial: int) -> Mapping[str, str]:
        """Return Google's headers."""
        return {"server-timing": f"gfet4t7; dur={serial % 100}"}


def _declared(tools: Any) -> list[Any]:
    groups = [tool for tool in tools if isinstance(tool, dict)] if tools else []
    return [d for group in groups for d in group.get("functionDeclarations") or []]


def _response(
    answer: Answer, choices: int, parts: list[Json], output: int, *, ends: bool
) -> Json:
    candidates: list[Json] = []
    for index in range(choices):
        candidate: Json = {
            "content": {"parts": parts, "role": "model"},
            "index": index,
        }
        if ends:
            candidate["finishReason"] = _FINISH[answer.finish]
        candidates.append(candidate)
    return {
        "candidates": candidates,
        "usageMetadata": _usage(answer.counts, output),
        "modelVersion": answer.model,
        "responseId": f"sim{answer.serial:06d}",
    }


def _usage(counts: Counts, output: int) -> Json:
    thoughts = min(counts.reasoning, output)
    usage: Json = {
        "promptTokenCount": counts.prompt,
        "candidatesTokenCount": output - thoughts,
        "totalTokenCount": counts.prompt + output,
    }
    if counts.cached:
        usage["cachedContentTokenCount"] = counts.cached
    if thoughts:
        usage["thoughtsTokenCount"] = thoughts
    return usage


def _text(piece: Piece) -> Json:
    thought = piece.kind is PieceKind.REASONING
    return {"text": piece.text, "thought": True} if thought else {"text": piece.text}


def _call(answer: Answer, index: int) -> Json:
    try:
        arguments = json.loads(answer.arguments(index) or "{}")
    except ValueError:
        arguments = {}
    call = answer.calls[index]
    return {"functionCall": {"id": call.id, "name": call.name, "args": arguments}}
