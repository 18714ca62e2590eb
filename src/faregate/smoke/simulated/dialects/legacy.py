"""Legacy completions, as OpenAI answers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faregate.smoke.simulated.answer import Answer, PieceKind
from faregate.smoke.simulated.ask import ApiError, Ask, Json, Segment, bounded, invalid
from faregate.smoke.simulated.dialects.chat import FINISH
from faregate.smoke.simulated.dialects.dialect import packed
from faregate.smoke.simulated.dialects.openai_shapes import (
    chat_usage,
    openai_error,
    openai_headers,
    wants_usage,
)
from faregate.smoke.simulated.frames import Frame, FrameKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_DEFAULT_BOUND = 16


class LegacyDialect:
    """POST /v1/completions; text only, sixteen tokens unless more are asked for."""

    name = "completions"
    newline = b"\n"
    caches_at_marks = False
    bound_fields: tuple[str, ...] = ("max_tokens",)

    def ask(self, body: Json, model: str, _query: Mapping[str, str]) -> Ask:
        """Read a request; `prompt` is text or a list of texts."""
        if not isinstance(body.get("prompt"), str | list):
            raise invalid("Missing required parameter: 'prompt'.", "prompt")
        options = body.get("stream_options")
        return Ask(
            model=model,
            stream=body.get("stream") is True,
            max_output=bounded(body, "max_tokens") or _DEFAULT_BOUND,
            include_usage=wants_usage(options),
            choices=bounded(body, "n") or 1,
            body=body,
        )

    def segments(self, body: Mapping[str, Any]) -> Sequence[Segment]:
        """Return the prompt, text by text."""
        prompt = body.get("prompt")
        return [Segment(data=packed(p)) for p in _listed(prompt)]

    def body(self, answer: Answer, ask: Ask) -> Json:
        """Return a `text_completion`."""
        finish = FINISH[answer.finish]
        choices = [_choice(i, answer.text, finish) for i in range(ask.choices)]
        usage = chat_usage(answer.counts, answer.reported_cost)
        return {**_head(answer), "choices": choices, "usage": usage}

    def frames(self, answer: Answer, ask: Ask) -> Iterator[Frame]:
        """Yield one chunk a piece, then the finish, usage and the end mark."""
        for index in range(ask.choices):
            for piece in answer.pieces:
                if piece.kind is PieceKind.TEXT:
                    data = {**_head(answer), "choices": [_choice(index, piece.text)]}
                    yield Frame(kind=FrameKind.DELTA, data=data, tokens=piece.tokens)
            last = _choice(index, "", FINISH[answer.finish])
            data = {**_head(answer), "choices": [last]}
            yield Frame(kind=FrameKind.TERMINAL, data=data)
        if ask.include_usage:
            usage = chat_usage(answer.counts, answer.reported_cost)
            data = {**_head(answer), "choices": [], "usage": usage}
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


def _listed(prompt: Any) -> list[Any]:
    texts = isinstance(prompt, list) and all(isinstance(p, str) for p in prompt)
    return prompt if texts else [prompt]


def _head(answer: Answer) -> Json:
    return {
        "id": f"cmpl-sim{answer.serial:06d}",
        "object": "text_completion",
        "created": answer.created,
        "model": answer.model,
    }


def _choice(index: int, text: str, finish: str | None = None) -> Json:
    return {"text": text, "index": index, "logprobs": None, "finish_reason": finish}
