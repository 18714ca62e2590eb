"""What a tool's result says once its volatile parts are taken out.

Owns what makes two results one that tell an agent the same; which parts are volatile
is said in `volatile`.
"""

from __future__ import annotations

import re

from faregate.core.loops.volatile import without_volatile

LONGEST = 16_384
"""Characters that are read with care; the middle of a longer text counts exactly."""

# What agents put into a message themselves, beside what a tool or a person said.
_ENVELOPES = ("system-reminder", "environment_context")
_SPACE = re.compile(r"[^\S\n]+")
_BLANKS = dict.fromkeys(map(ord, "\t\v\f\r\x1c\x1d\x1e\x1f"), " ")
"""All of them in ASCII, but for the end of a line."""
_DIGIT = re.compile(r"\d")
_PLAIN_DIGIT = re.compile(r"[0-9]")
"""The same in ASCII, where it is several times faster."""


def plain_words(text: str) -> str:
    """Return a text without what the agent itself wrapped around it."""
    if "<" in text:
        for name in _ENVELOPES:
            text = _without(text, f"<{name}>", f"</{name}>")
    return text.strip()


def is_wrapped(text: str) -> bool:
    """Tell whether a text still has a mark of what agents wrap around."""
    return "<" in text and any(f"<{name}>" in text for name in _ENVELOPES)


def normal_result(text: str) -> str:
    """Return a result's lines, sorted, with a mark in place of each volatile part."""
    text = plain_words(text)
    if len(text) > LONGEST:
        half = LONGEST // 2
        head, middle, tail = text[:half], text[half:-half], text[-half:]
        return f"{_normal(head)}<{hash(middle)}>{_normal(tail)}"
    return _normal(text)


def _normal(text: str) -> str:
    lines: list[str] = []
    numbered: list[str] = []
    has_digit = (_PLAIN_DIGIT if text.isascii() else _DIGIT).search
    for line in _spaced(text).split("\n"):
        # Nothing volatile stands in a line without a digit.
        (numbered if has_digit(line) else lines).append(line)
    if numbered:
        lines += without_volatile("\n".join(numbered)).split("\n")
    # Searches and parallel tests tell the same in any order.
    return "\n".join(sorted(filter(None, lines)))


def _spaced(text: str) -> str:
    """Return a text with one blank in place of each run of them."""
    if not text.isascii():
        return _SPACE.sub(" ", text)
    text = text.translate(_BLANKS)
    while "  " in text:
        text = text.replace("  ", " ")
    return text


def _without(text: str, opening: str, closing: str) -> str:
    """Return a text without what stands between these marks, and without them."""
    kept = []
    position = 0
    while (start := text.find(opening, position)) >= 0:
        end = text.find(closing, start)
        if end < 0:
            break
        kept.append(text[position:start])
        position = end + len(closing)
    return "".join([*kept, text[position:]])
