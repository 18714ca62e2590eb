"""The list of models, in the three shapes that clients read.

One body serves the OpenAI and Anthropic SDKs alike; Gemini's has its own form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from faregate.core.refusal import Refusal, RefusalCode
from faregate.core.values import dataclass
from faregate.server.answer import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CREATED = 1_767_225_600
_CREATED_AT = "2026-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedModel:
    """One model a caller may ask for."""

    name: str
    provider: str


class ModelList:
    """Answers GET /v1/models and its kin from a list that is kept."""

    def __init__(self, models: Sequence[ListedModel]) -> None:
        self._models = models

    def now(self, models: Sequence[ListedModel]) -> None:
        """Answer from another list from now on."""
        self._models = models

    def answer(self, path: str, headers: Mapping[str, str]) -> Answer | Refusal:
        """Return the list, or one model where the path names one."""
        gemini = path.startswith("/v1beta") or "x-goog-api-key" in headers
        _, _, wanted = (
            path.removeprefix("/v1beta").removeprefix("/v1").partition("/models/")
        )
        models = self._models
        if wanted:
            found = [m for m in models if m.name == wanted]
            if not found:
                return Refusal(
                    code=RefusalCode.MODEL_NOT_FOUND,
                    message=f"{wanted[:100]!r} is not listed; see: faregate providers",
                )
            return _json(_gemini(found[0]) if gemini else _openai(found[0]))
        if gemini:
            return _json({"models": [_gemini(m) for m in models]})
        data = [_openai(m) for m in models]
        return _json(
            {
                "object": "list",
                "data": data,
                "has_more": False,
                "first_id": data[0]["id"] if data else None,
                "last_id": data[-1]["id"] if data else None,
            }
        )


def _openai(model: ListedModel) -> dict[str, object]:
    return {
        "id": model.name,
        "object": "model",
        "type": "model",
        "display_name": model.name,
        "owned_by": model.provider,
        "created": _CREATED,
        "created_at": _CREATED_AT,
    }


def _gemini(model: ListedModel) -> dict[str, object]:
    return {
        "name": f"models/{model.name}",
        "displayName": model.name,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    }


def _json(document: object) -> Answer:
    headers = {"content-type": "application/json"}
    return Answer(200, headers, msgspec.json.encode(document))
