"""What one request asks for, after its dialect read it.

Owns the neutral request facts and the errors a provider answers with; knows no
protocol's field names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request for a generation.

    `max_output` bounds the output of one choice in tokens. `tools` are the names of
    the offered tools. `inline_stream` is Gemini's stream without server-sent events:
    one JSON array.
    """

    model: str
    stream: bool = False
    max_output: int | None = None
    include_usage: bool = False
    choices: int = 1
    tools: tuple[str, ...] = ()
    inline_stream: bool = False
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One part of a prompt, in the order the model reads it.

    `mark` is the life of a cache breakpoint behind it: "5m", "1h" or none.
    """

    data: bytes
    mark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiError:
    """An error a dialect can shape; `code` and `param` may have no place in one."""

    status: int
    message: str
    kind: str | None = None
    code: str | None = None
    param: str | None = None


class BadAskError(Exception):
    """The request is one a real provider refuses; carries the error to answer."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(error.message)
        self.error = error


def invalid(message: str, param: str | None = None) -> BadAskError:
    """Return the refusal of a request that is not valid."""
    return BadAskError(ApiError(status=400, message=message, param=param))


def bounded(body: Mapping[str, Any], name: str) -> int | None:
    """Return the output bound in field `name`, or None; raises BadAskError when silly."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise invalid(f"Invalid value for '{name}': expected a positive integer.", name)
    return value


def listed(body: Mapping[str, Any], name: str) -> list[Any]:
    """Return the non-empty list in field `name`; raises BadAskError otherwise."""
    value = body.get(name)
    if not isinstance(value, list) or not value:
        raise invalid(f"Invalid value for '{name}': expected a non-empty array.", name)
    return value
