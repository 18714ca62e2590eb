"""Which path is which call.

Owns the paths of every protocol; a path that is in no table is answered 404, as a real
provider would, so that a prefix the gate forgot to strip is noticed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from faregate.smoke.simulated.dialects.chat import ChatDialect
from faregate.smoke.simulated.dialects.embeddings import EmbeddingsDialect
from faregate.smoke.simulated.dialects.gemini import GeminiDialect
from faregate.smoke.simulated.dialects.legacy import LegacyDialect
from faregate.smoke.simulated.dialects.messages import MessagesDialect
from faregate.smoke.simulated.dialects.responses import ResponsesDialect

if TYPE_CHECKING:
    from faregate.smoke.simulated.dialects.dialect import Dialect


class Call(StrEnum):
    """What a request wants."""

    GENERATE = "generate"
    COUNT = "count"
    MODELS = "models"
    ALIVE = "alive"
    SOCKET = "socket"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A path read: the call, its dialect where it generates, a model in the path."""

    call: Call
    dialect: Dialect | None = None
    model: str = ""


_GENERATING: dict[str, Dialect] = {
    "/v1/chat/completions": ChatDialect(),
    "/v1/responses": ResponsesDialect(),
    "/v1/messages": MessagesDialect(),
    "/v1/completions": LegacyDialect(),
    "/v1/embeddings": EmbeddingsDialect(),
}
_OTHERS = {
    ("GET", "/v1/responses"): Call.SOCKET,
    ("POST", "/v1/messages/count_tokens"): Call.COUNT,
    ("GET", "/v1/models"): Call.MODELS,
    ("GET", "/v1beta/models"): Call.MODELS,
    ("HEAD", "/"): Call.ALIVE,
    ("GET", "/"): Call.ALIVE,
}
_GEMINI_PATH = re.compile(r"/v1(?:beta)?/models/(?P<model>.+):(?P<verb>\w+)")
_GEMINI = {
    "generateContent": GeminiDialect(stream=False),
    "streamGenerateContent": GeminiDialect(stream=True),
}

_NOWHERE = Endpoint(call=Call.UNKNOWN)


def endpoint_of(method: str, path: str) -> Endpoint:
    """Return what `method` and `path` (without a query) ask for."""
    other = _OTHERS.get((method, path))
    if other is not None:
        return Endpoint(call=other)
    if method != "POST":
        return _NOWHERE
    dialect = _GENERATING.get(path)
    if dialect is not None:
        return Endpoint(call=Call.GENERATE, dialect=dialect)
    found = _GEMINI_PATH.fullmatch(path)
    return _gemini(found["model"], found["verb"]) if found else _NOWHERE


def _gemini(model: str, verb: str) -> Endpoint:
    if verb == "countTokens":
        return Endpoint(call=Call.COUNT, model=model)
    dialect = _GEMINI.get(verb)
    if dialect is None:
        return _NOWHERE
    return Endpoint(call=Call.GENERATE, dialect=dialect, model=model)
