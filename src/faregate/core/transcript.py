"""What a request says was spoken and done so far: calls, results and words.

Owns the values that every dialect's conversation is read into. Keeps no pictures and
no reasoning: only what tells one turn from another.
"""

from __future__ import annotations

from faregate.core.lean import lean
from faregate.core.values import dataclass


@lean
@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool that the model called, with its arguments as JSON or free text."""

    id: str
    """Joins a call to its result; "" when the dialect names none."""
    name: str
    arguments: str


@lean
@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a tool call brought; media stand in the text as a mark with a digest."""

    call_id: str
    text: str
    is_error: bool = False
    """The agent itself says that the call failed; many dialects cannot."""


@lean
@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Words of one side: "user", "assistant" or "system"."""

    role: str
    text: str


Item = ToolCall | ToolResult | Said
Transcript = tuple[Item, ...]
"""A conversation, oldest item first."""
