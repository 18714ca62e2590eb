"""Headers as they stand on the wire: one line each, and nothing between them.

Owns that no header can be taken for two, or for the end of a head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class SentHeaders(dict[str, str]):
    """Headers that are sent with many requests; nobody changes them once made."""

    __slots__ = ("lines",)

    lines: str
    """Their lines, once they were sent."""


def header_lines(headers: Mapping[str, str]) -> str:
    """Return headers as lines; raises ValueError for one that would break its line."""
    lines = [*map(": ".join, headers.items())]
    said = "".join(lines)
    if "\r" in said or "\n" in said or "\0" in said:
        raise ValueError("a header would break its line")
    lines.append("")
    return "\r\n".join(lines)


def lines_of(headers: Mapping[str, str]) -> str:
    """Return the same, made once where the headers are sent many times."""
    if not isinstance(headers, SentHeaders):
        return header_lines(headers)
    try:
        return headers.lines
    except AttributeError:
        headers.lines = lines = header_lines(headers)
        return lines
