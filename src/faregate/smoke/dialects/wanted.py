"""What one request of the smoke test asks for, before it takes a protocol's shape."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

Choice = Literal["required", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One function that a model may call."""

    name: str
    description: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolTurn:
    """A call that the model made before, and the result it gets."""

    id: str
    name: str
    arguments: str
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One request; what is None or empty is left out of the body.

    `max_output` is in tokens, `output_field` the field it goes into where the
    dialect has several. `literal` is laid over the body last.
    """

    prompt: str
    system: str = ""
    stream: bool = False
    max_output: int | None = 256
    output_field: str = ""
    ask_usage: bool = True
    """Ask for usage in a stream, where the dialect has to be asked."""
    tools: tuple[Tool, ...] = ()
    tool_choice: Choice | None = None
    turn: ToolTurn | None = None
    stop: str = ""
    temperature: int | None = None
    json_mode: bool = False
    schema: Mapping[str, Any] | None = None
    logprobs: bool = False
    cache_mark: bool = False
    """Mark the system text for the prompt cache, where a dialect has marks."""
    model: str | None = None
    """Another model than the target's."""
    literal: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shaped:
    """A request in a protocol's shape: path after the base URL, query, JSON body."""

    path: str
    body: dict[str, Any]
    query: str = ""
