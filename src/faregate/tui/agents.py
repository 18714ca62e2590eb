"""Coding agents that a first run can name: which of them are on this machine."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

KNOWN = (
    "claude",
    "codex",
    "opencode",
    "gemini",
    "qwen",
    "aider",
    "cline",
    "cn",
    "mini",
    "llm",
)
"""Commands that `faregate run` knows how to send through the gate."""


def installed(which: Callable[[str], str | None] = shutil.which) -> tuple[str, ...]:
    """Return the known agents that are on the PATH."""
    return tuple(command for command in KNOWN if which(command))
