"""What a probe reads from an answer, whatever protocol it came in.

Owns the neutral values, and careful access to JSON from outside: nothing here raises
for an odd shape. Usage and cost are read by the codecs, never here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Json = dict[str, Any]


class Delta(StrEnum):
    """What one event of a stream brings."""

    TEXT = "text"
    REASONING = "reasoning"
    TOOL = "tool"


class Finish(StrEnum):
    """Why an answer ended."""

    STOP = "stop"
    LENGTH = "length"
    TOOLS = "tools"
    OTHER = "other"


@dataclass(slots=True, kw_only=True)
class SaidCall:
    """One tool call as it was put together from an answer."""

    id: str = ""
    name: str = ""
    arguments: str = ""
    deltas: int = 0
    """Events that brought a piece of its arguments."""
    ids: int = 0
    """How many times an id was stated."""

    def parsed(self) -> Any:
        """Return the arguments as JSON; None when they are none."""
        return parsed(self.arguments)


class Said:
    """Everything that an answer said; a dialect's reader writes it."""

    def __init__(self) -> None:
        self.text = ""
        self.reasoning = ""
        self.reasoning_field = ""
        self.calls: list[SaidCall] = []
        self.finishes: list[str] = []
        """Every finish reason as the provider wrote it, in order."""
        self.terminals = 0
        """Events that end the protocol's stream: [DONE], message_stop and such."""
        self.after_terminal = 0
        """Events with content behind the terminal one."""
        self.usages: list[tuple[str, Json]] = []
        """Each usage block as it came, with the place where it was found."""
        self.model = ""
        self.id = ""
        self.vendor = ""
        """Who served it behind a router."""
        self.logprobs = False
        self.call_content = ""
        """Text beside tool calls."""
        self.odd_indexes = False
        """Tool-call deltas that no call can be told from."""

    def wrote(self, text: object) -> bool:
        """Take visible text; return whether there was any."""
        if not isinstance(text, str) or not text:
            return False
        self.text += text
        return True

    def thought(self, text: object, field: str) -> bool:
        """Take reasoning text of the named field; return whether there was any."""
        if not isinstance(text, str) or not text:
            return False
        self.reasoning += text
        self.reasoning_field = self.reasoning_field or field
        return True


def dig(value: Any, *path: str | int) -> Any:
    """Return what lies at a path of keys and indexes; None when anything is missing."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        elif isinstance(value, list) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def rows(value: Any) -> list[Json]:
    """Return the objects of a list; empty for anything else."""
    if not isinstance(value, list):
        return []
    return [item for item in value if isinstance(item, dict)]


def words(value: Any) -> str:
    """Return a text as it is, and an empty one for anything else."""
    return value if isinstance(value, str) else ""


def parsed(text: str | bytes) -> Any:
    """Return the JSON in a text; None when it holds none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
