"""What can be wrong with a configuration, said so that a person can mend it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong: where it is, what it is, what to write instead."""

    message: str
    file: Path | None = None
    line: int | None = None
    key: str = ""
    hint: str = ""

    def __str__(self) -> str:
        where = str(self.file) if self.file else ""
        if self.line is not None:
            where += f":{self.line}"
        parts = [part for part in (where, self.key, self.message) if part]
        text = ": ".join(parts)
        return f"{text}. {self.hint}" if self.hint else text


class ConfigError(Exception):
    """The configuration cannot be used; carries every problem that was found."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return "Did you mean X?" for the nearest known word, or nothing."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.7)
    return f"Did you mean {near[0]}?" if near else ""


def shown(value: object) -> str:
    """Return a value from outside in a form that is safe and short to print."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    text = ascii(value) if isinstance(value, str) else str(value)
    text = f'"{text[1:-1]}"' if isinstance(value, str) else text
    return text if len(text) <= 60 else text[:56] + "..."
