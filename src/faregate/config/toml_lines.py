"""Find the line of every key in a TOML text that was parsed without error.

The standard library's parser keeps no positions. This walk trusts the text: it is
only used after the real parser has accepted it.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

KeyPath = tuple[str | int, ...]
"""Keys from the top, with the index of an entry in an array of tables."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


def key_lines(text: str) -> dict[KeyPath, int]:
    """Return the 1-based line of each table header and key; {} when lost."""
    walk = _Walk(text.replace("\r\n", "\n"))
    try:
        walk.document()
    except (AttributeError, IndexError, RecursionError):
        # The text is stranger than the walk: better no line than a wrong one.
        return {}
    return walk.lines


def line_of(lines: dict[KeyPath, int], path: KeyPath) -> int | None:
    """Return the line of `path`, or of the nearest table around it."""
    for length in range(len(path), 0, -1):
        if (line := lines.get(path[:length])) is not None:
            return line
    return None


class _Walk:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self._arrays: dict[KeyPath, int] = {}

    def document(self) -> None:
        table: KeyPath = ()
        while self._skip(_BLANK) and self.at < len(self.text):
            if self.text.startswith("[[", self.at):
                self.at += 2
                table = self._next_entry(self._resolve(self._key()))
                self.at += 2
            elif self.text[self.at] == "[":
                self.at += 1
                table = self._resolve(self._key())
                self._note(table)
                self.at += 1
            else:
                self._pair(table)

    def _pair(self, table: KeyPath) -> None:
        path = table
        start = self.at
        for part in self._key():
            path = (*path, part)
            self.lines.setdefault(path, self.text.count("\n", 0, start) + 1)
        self._skip(_SPACE)
        self.at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        first = self.text[self.at]
        if first == "{":
            self._items("}", lambda _: self._pair(path))
        elif first == "[":
            self._items("]", lambda index: self._value((*path, index)))
        elif first in "\"'":
            self.at = self._match(_STRING).end()
        else:
            self.at = self._match(_SCALAR).end()

    def _items(self, closing: str, item: Callable[[int], None]) -> None:
        self.at += 1
        index = 0
        while self._skip(_BLANK) and self.text[self.at] != closing:
            item(index)
            index += 1
            self._skip(_BLANK)
            if self.text[self.at] == ",":
                self.at += 1
        self.at += 1

    def _key(self) -> KeyPath:
        parts: list[str] = []
        while True:
            self._skip(_SPACE)
            quoted = self.text[self.at] in "\"'"
            found = self._match(_STRING if quoted else _BARE)
            self.at = found.end()
            parts.append(_unquoted(found[0]) if quoted else found[0])
            self._skip(_SPACE)
            if self.text[self.at] != ".":
                return tuple(parts)
            self.at += 1

    def _resolve(self, path: KeyPath) -> KeyPath:
        """Put the current index after each array of tables on the way."""
        resolved: KeyPath = ()
        for part in path[:-1]:
            resolved = (*resolved, part)
            if resolved in self._arrays:
                resolved = (*resolved, self._arrays[resolved])
        return (*resolved, *path[-1:])

    def _next_entry(self, path: KeyPath) -> KeyPath:
        index = self._arrays[path] = self._arrays.get(path, -1) + 1
        self._note((*path, index))
        return (*path, index)

    def _note(self, path: KeyPath) -> None:
        line = self.text.count("\n", 0, self.at) + 1
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        self.at = self._match(pattern).end()
        return True

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise IndexError(self.at)
        return found


def _unquoted(text: str) -> str:
    return str(tomllib.loads(f"k = {text}")["k"])
