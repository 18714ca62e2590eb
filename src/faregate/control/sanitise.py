"""Make text from outside harmless for a terminal and for a line of a log.

Owns the one rule for it. Model names, errors, prompts and headers come from
strangers; whatever shows them calls `sanitise` first. It must not be used on bytes
that an agent receives: agents match on the exact wording.
"""

from __future__ import annotations

import re

MAX_TEXT = 512
"""Characters kept by default; enough for a sentence, too little for a flood."""

REPLACEMENT = "\ufffd"

_ELLIPSIS = "…"
_BREAKS = re.compile(r"[\t\n\r\x0b\x0c\x85\u2028\u2029]+")
_UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: escape sequences start here
    "\u00ad\u034f"  # soft hyphen, grapheme joiner
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional controls
    "\u115f\u1160\u17b4\u17b5\u3164\uffa0"  # fillers that look like nothing
    "\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\ufeff"  # zero width
    "\ufe00-\ufe0f\U000e0100-\U000e01ef"  # variation selectors change a width
    "\ufff9-\ufffb"  # interlinear annotation
    "\ud800-\udfff"  # lone surrogates cannot be encoded
    "\U000e0000-\U000e007f"  # tags spell invisible text
    "]"
)

_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0e47-\u0e4e\u1ab0-\u1aff"
    "\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
_STACKED = re.compile(f"([{_MARKS}]{{2}})[{_MARKS}]+")
"""Marks above and below a letter; a pile of them paints over other lines."""


def sanitise(text: str, *, limit: int = MAX_TEXT) -> str:
    """Return `text` as one harmless line of at most `limit` characters.

    Line breaks and tabs become one space, every other control, bidirectional,
    zero-width or tag character U+FFFD; a letter keeps two marks at most; what is cut
    off shows as an ellipsis.
    """
    if len(text) > limit:
        text = text[: max(limit - 1, 0)] + _ELLIPSIS[:limit]
    if text.isascii() and text.isprintable():
        return text
    return _STACKED.sub(r"\1", _UNSAFE.sub(REPLACEMENT, _BREAKS.sub(" ", text)))


def harmless(text: str) -> str:
    """Return text of several lines whose every line a terminal takes for text.

    Line feeds and tabs stay, and nothing is cut off.
    """
    if text.isascii() and text.isprintable():
        return text
    kept = re.split("([\n\t])", text)
    return "".join(
        part if part in {"\n", "\t"} else sanitise(part, limit=len(part))
        for part in kept
    )


def escaped(document: str) -> str:
    """Return JSON that says the same, with all that a terminal could obey escaped."""
    return _UNSAFE.sub(_escape, document)


def _escape(found: re.Match[str]) -> str:
    if found[0] == "\n":
        return found[0]
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def sanitise_optional(text: str | None, *, limit: int = MAX_TEXT) -> str | None:
    """Return `sanitise(text)`, or None for None."""
    return None if text is None else sanitise(text, limit=limit)
