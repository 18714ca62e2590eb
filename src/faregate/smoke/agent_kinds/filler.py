"""Words and tool definitions of a wanted size.

Owns the filler that makes scripted requests as large as real ones; means nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

_WORDS = (
    "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor "
    "incididunt ut labore et dolore magna aliqua "
)
_PARAMETERS = {
    "type": "object",
    "properties": {
        "command": {"type": "string", "description": "The command to execute"},
        "path": {"type": "string", "description": "The file to work on"},
        "timeout": {"type": "integer", "description": "Milliseconds to wait"},
    },
    "required": ["command"],
    "additionalProperties": False,
}


def prose(length: int) -> str:
    """Return `length` characters of filler."""
    return (_WORDS * (length // len(_WORDS) + 1))[:length]


def tools(sizes: Sequence[tuple[str, int]], field: str) -> list[dict[str, Any]]:
    """Return tools of the given names and sizes in bytes; `field` holds the schema."""
    return [_tool(name, size, field) for name, size in sizes]


def uuid(rng: Random) -> str:
    """Return a random version 4 UUID."""
    digits = f"{rng.getrandbits(128):032x}"
    parts = (digits[:8], digits[8:12], "4" + digits[13:16], "8" + digits[17:20])
    return "-".join((*parts, digits[20:]))


def _tool(name: str, size: int, field: str) -> dict[str, Any]:
    tool: dict[str, Any] = {"name": name, "description": "", field: _PARAMETERS}
    tool["description"] = prose(max(20, size - len(json.dumps(tool))))
    return tool
