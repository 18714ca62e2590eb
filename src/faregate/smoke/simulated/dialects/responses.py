"""OpenAI's Responses."""

from __future__ import annotations

from itertools import count, groupby
from typing import TYPE_CHECKING, Any

from faregate.smoke.simulated.answer import Answer, Finish, Piece, PieceKind
from faregate.smoke.simulated.ask import ApiError, Ask, Json, Segment, bounded, invalid
from faregate.smoke.simulated.dialects.chat import openai_segments
from faregate.smoke.simulated.dialects.dialect import tool_names
from faregate.smoke.simulated.dialects.openai_shapes import (
    openai_error,
    openai_headers,
)
from faregate.smoke.simulated.frames import Frame, FrameKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from faregate.smoke.simulated.rates import Counts

_BLOCK = tuple[PieceKind, int]


class ResponsesDialect:
    """POST /v1/responses."""

    name = "responses"
    newline = b"\n"
    caches_at_marks = False
    bound_fields: tuple[str, ...] = ("max_output_tokens",)

    def ask(self, body: Json, model: str, _query: Mapping[str, str]) -> Ask:
        """Read a request; `input` is text or a list of items."""
        if not isinstance(body.get("input"), str | list):
            raise invalid("Missing required parameter: 'input'.", "input")
        return Ask(
            model=model,
            stream=body.get("stream") is True,
            max_output=bounded(body, "max_output_tokens"),
            include_usage=True,
            tools=tool_names(body.get("tools")),
            body=body,
        )

    def segments(self, body: Mapping[str, Any]) -> Sequence[Segment]:
        """Return the tools, the instructions, then each input item."""
        return openai_segments(body, "input")

    def body(self, answer: Answer, ask: Ask) -> Json:
        """Return a finished `response`."""
        return _response(answer, ask, finished=True)

    def frames(self, answer: Answer, ask: Ask) -> Iterator[Frame]:
        """Yield the numbered events up to response.completed or .incomplete."""
        numbers = count()
        for frame in _frames(answer, ask):
            if isinstance(frame.data, dict):
                frame.data["sequence_number"] = next(numbers)
            yield frame

    def error(self, error: ApiError) -> Json:
        """Return OpenAI's error body."""
        return openai_error(error)

    def error_frame(self, error: ApiError) -> Frame:
        """Return the flat error event of this API."""
        inner = openai_error(error)["error"]
        data = {
            "type": "error",
            "code": inner["code"] or inner["type"],
            "message": error.message,
            "param": error.param,
        }
        return Frame(kind=FrameKind.ERROR, event="error", data=data)

    def usage_slots(self, data: Json) -> list[tuple[Json, str]]:
        """Return the usage of a response or of an event that carries one."""
        response = data.get("response", data)
        has_usage = isinstance(response, dict) and response.get("usage")
        return [(response, "usage")] if has_usage else []

    def headers(self, serial: int) -> Mapping[str, str]:
        """Return OpenAI's headers."""
        return openai_headers(serial)


def _frames(answer: Answer, ask: Ask) -> Iterator[Frame]:
    early = _response(answer, ask, finished=False)
    yield _event(FrameKind.START, "response.created", response=early)
    yield _event(FrameKind.NOISE, "response.in_progress", response=dict(early))
    grouped = groupby(answer.pieces, key=lambda piece: (piece.kind, piece.call))
    for index, (block, pieces) in enumerate(grouped):
        yield from _item_frames(index, block, list(pieces), answer)
    cut = answer.finish is Finish.LENGTH
    name = "response.incomplete" if cut else "response.completed"
    final = _response(answer, ask, finished=True)
    yield _event(FrameKind.TERMINAL, name, response=final)


def _response(answer: Answer, ask: Ask, *, finished: bool) -> Json:
    cut = answer.finish is Finish.LENGTH
    done = "incomplete" if cut else "completed"
    blocks = dict.fromkeys((piece.kind, piece.call) for piece in answer.pieces)
    output = [_item(i, b, answer, filled=True) for i, b in enumerate(blocks)]
    return {
        "id": f"resp_sim{answer.serial:06d}",
        "object": "response",
        "created_at": answer.created,
        "status": done if finished else "in_progress",
        "error": None,
        "incomplete_details": (
            {"reason": "max_output_tokens"} if cut and finished else None
        ),
        "instructions": ask.body.get("instructions"),
        "max_output_tokens": ask.max_output,
        "model": answer.model,
        "output": output if finished else [],
        "parallel_tool_calls": ask.body.get("parallel_tool_calls", True),
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "store": ask.body.get("store", True),
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": _usage(answer.counts) if finished else None,
        "user": None,
        "metadata": {},
    }


def _usage(counts: Counts) -> Json:
    return {
        "input_tokens": counts.prompt,
        "input_tokens_details": {
            "cached_tokens": counts.cached,
            "cache_write_tokens": 0,
        },
        "output_tokens": counts.output,
        "output_tokens_details": {"reasoning_tokens": counts.reasoning},
        "total_tokens": counts.prompt + counts.output,
    }


def _item(index: int, block: _BLOCK, answer: Answer, *, filled: bool) -> Json:
    kind, call = block
    status = "completed" if filled else "in_progress"
    if kind is PieceKind.REASONING:
        summary = [_summary(answer.reasoning)] if filled else []
        return {"id": _id("rs", answer, index), "type": "reasoning", "summary": summary}
    if kind is PieceKind.TEXT:
        return {
            "id": _id("msg", answer, index),
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": [_text(answer.text)] if filled else [],
        }
    tool = answer.calls[call]
    return {
        "id": _id("fc", answer, index),
        "type": "function_call",
        "status": status,
        "call_id": tool.id,
        "name": tool.name,
        "arguments": answer.arguments(call) if filled else "",
    }


def _item_frames(
    index: int, block: _BLOCK, pieces: list[Piece], answer: Answer
) -> Iterator[Frame]:
    bare = _item(index, block, answer, filled=False)
    whole = _item(index, block, answer, filled=True)
    yield _event(
        FrameKind.DELTA, "response.output_item.added", output_index=index, item=bare
    )
    place: Json = {"item_id": bare["id"], "output_index": index}
    kind, call = block
    if kind is PieceKind.REASONING:
        yield from _summary_frames(place, pieces, answer)
    elif kind is PieceKind.TEXT:
        yield from _text_frames(place, pieces, answer)
    else:
        yield from _call_frames(place, pieces, answer.arguments(call))
    yield _event(
        FrameKind.DELTA, "response.output_item.done", output_index=index, item=whole
    )


def _summary_frames(
    place: Json, pieces: list[Piece], answer: Answer
) -> Iterator[Frame]:
    spot = {**place, "summary_index": 0}
    head = "response.reasoning_summary"
    yield _event(FrameKind.DELTA, f"{head}_part.added", **spot, part=_summary(""))
    for piece in pieces:
        yield _event(
            FrameKind.DELTA,
            f"{head}_text.delta",
            piece.tokens,
            **spot,
            delta=piece.text,
        )
    whole = answer.reasoning
    yield _event(FrameKind.DELTA, f"{head}_text.done", **spot, text=whole)
    yield _event(FrameKind.DELTA, f"{head}_part.done", **spot, part=_summary(whole))


def _text_frames(place: Json, pieces: list[Piece], answer: Answer) -> Iterator[Frame]:
    spot = {**place, "content_index": 0}
    yield _event(FrameKind.DELTA, "response.content_part.added", **spot, part=_text(""))
    for piece in pieces:
        yield _event(
            FrameKind.DELTA,
            "response.output_text.delta",
            piece.tokens,
            **spot,
            delta=piece.text,
            logprobs=[],
        )
    yield _event(
        FrameKind.DELTA,
        "response.output_text.done",
        **spot,
        text=answer.text,
        logprobs=[],
    )
    yield _event(
        FrameKind.DELTA, "response.content_part.done", **spot, part=_text(answer.text)
    )


def _call_frames(place: Json, pieces: list[Piece], arguments: str) -> Iterator[Frame]:
    head = "response.function_call_arguments"
    for piece in pieces:
        yield _event(
            FrameKind.DELTA, f"{head}.delta", piece.tokens, **place, delta=piece.text
        )
    yield _event(FrameKind.DELTA, f"{head}.done", **place, arguments=arguments)


def _text(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _summary(text: str) -> Json:
    return {"type": "summary_text", "text": text}


def _id(prefix: str, answer: Answer, index: int) -> str:
    return f"{prefix}_sim{answer.serial:06d}{index:02d}"


def _event(kind: FrameKind, event: str, tokens: int = 0, **fields: Any) -> Frame:
    data = {"type": event, **fields}
    return Frame(kind=kind, event=event, data=data, tokens=tokens)
