"""Embeddings, as OpenAI answers them."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING, Any

from faregate.smoke.simulated.ask import ApiError, Ask, Json, Segment, invalid
from faregate.smoke.simulated.dialects.dialect import packed
from faregate.smoke.simulated.dialects.openai_shapes import (
    openai_error,
    openai_headers,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from faregate.smoke.simulated.answer import Answer
    from faregate.smoke.simulated.frames import Frame

_VECTOR = (0.25, -0.5, 0.75, 1.0)


class EmbeddingsDialect:
    """POST /v1/embeddings; only the input is billed."""

    name = "embeddings"
    newline = b"\n"
    caches_at_marks = False
    bound_fields: tuple[str, ...] = ()

    def ask(self, body: Json, model: str, _query: Mapping[str, str]) -> Ask:
        """Read a request; nothing is generated, so nothing is ever streamed."""
        if not isinstance(body.get("input"), str | list):
            raise invalid("Missing required parameter: 'input'.", "input")
        return Ask(model=model, max_output=0, body=body)

    def segments(self, body: Mapping[str, Any]) -> Sequence[Segment]:
        """Return the inputs, one by one."""
        return [Segment(data=packed(text)) for text in _inputs(body)]

    def body(self, answer: Answer, ask: Ask) -> Json:
        """Return a list of embeddings, as numbers or as base64."""
        vector: list[float] | str = list(_VECTOR)
        if ask.body.get("encoding_format") == "base64":
            packed_floats = struct.pack(f"<{len(_VECTOR)}f", *_VECTOR)
            vector = base64.b64encode(packed_floats).decode()
        data = [
            {"object": "embedding", "index": index, "embedding": vector}
            for index, _ in enumerate(_inputs(ask.body))
        ]
        usage = {
            "prompt_tokens": answer.counts.prompt,
            "total_tokens": answer.counts.prompt,
        }
        return {"object": "list", "data": data, "model": answer.model, "usage": usage}

    def frames(self, _answer: Answer, _ask: Ask) -> Iterator[Frame]:
        """Yield nothing: embeddings have no stream."""
        return iter(())

    def error(self, error: ApiError) -> Json:
        """Return OpenAI's error body."""
        return openai_error(error)

    def error_frame(self, error: ApiError) -> Frame:
        """Raise: embeddings have no stream."""
        raise NotImplementedError("embeddings have no stream to report an error in")

    def usage_slots(self, data: Json) -> list[tuple[Json, str]]:
        """Return the top-level usage."""
        return [(data, "usage")] if data.get("usage") else []

    def headers(self, serial: int) -> Mapping[str, str]:
        """Return OpenAI's headers."""
        return openai_headers(serial)


def _inputs(body: Mapping[str, Any]) -> list[Any]:
    given = body.get("input")
    texts = isinstance(given, list) and not all(isinstance(i, int) for i in given)
    return given if texts and given else [given]
