"""Which parts of a text may differ although it tells the same.

Owns the forms of times, durations, line numbers, process and request ids, addresses and
digests. Any other number or word is substance.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MONTHS = "Jan;Feb;Mar;Apr;May;Jun;Jul;Aug;Sep;Oct;Nov;Dec"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?"
_UNIT = (
    r"(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h|secs?|seconds?|mins?|minutes?|hrs?|hours?|"
    r"millis(?:econds)?|microseconds|nanoseconds)"
)
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?"
_IDS = "pid ppid pgid tid chunk request trace correlation invocation span"


def _outlined() -> bytes:
    """Return the table that makes an outline of UTF-8: what may stand for what."""
    table = bytearray(range(256))
    for byte in b"0123456789":
        table[byte] = ord("0")
    for byte in b"numsh":
        # The first letters of the units of time.
        table[byte] = ord("m")
    table[ord("/")] = ord("-")
    table[ord("|")] = ord(":")
    table[ord("\n")] = ord(" ")
    table[0x80:] = b"\xff" * 0x80
    return bytes(table)


_OUTLINE = _outlined()
_HEX = bytes(
    ord("x") if byte in b"0123456789abcdefABCDEF" else byte for byte in range(256)
)
_ASCII = re.compile(r"[\x00-\x7f]+")


@dataclass(frozen=True, slots=True)
class _Volatile:
    """One kind of volatile part.

    It is looked for only where one of `needles` stands in the text in lower case, and
    one of `outlines` in its outline: a part of this kind has both. An expression that
    is run in vain takes a hundred times as long as such a look.
    """

    needles: tuple[str, ...]
    outlines: tuple[bytes, ...]
    pattern: re.Pattern[str]
    mark: str

    def may_stand_in(self, low: str, outline: bytes | None) -> bool:
        """Tell whether a text may have such a part; `outline` None tells nothing."""
        if self.needles and not any(needle in low for needle in self.needles):
            return False
        if outline is None or not self.outlines:
            return True
        return any(each in outline for each in self.outlines)


def _volatile(needles: str, outlines: str, pattern: str, mark: str) -> _Volatile:
    seen = [each.encode().translate(_OUTLINE) for each in outlines.split(";") if each]
    names = tuple(needles.split())
    return _Volatile(names, tuple(dict.fromkeys(seen)), re.compile(pattern), mark)


# In this order: a date holds a clock, a digest holds numbers.
VOLATILE = (
    _volatile(
        "",
        "0000-00",
        r"\b\d{4}[-/]\d{2}[-/]\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)?"
        r"\s?(?:Z|UTC|[+-]\d{2}:?\d{2})?\b",
        "<time>",
    ),
    _volatile(
        "",
        _MONTHS,
        rf"\b(?:{_DAY}\s+)?(?:{_MONTH}\s+\d{{1,2}}|\d{{1,2}}\s+{_MONTH})"
        rf"(?:,?\s+\d{{4}})?(?:\s+{_CLOCK})?(?:\s?(?:AM|PM))?"
        r"(?:\s+(?:UTC|GMT|[A-Z]{3,4}))?(?:\s+\d{4})?\b",
        "<time>",
    ),
    _volatile(
        "",
        "xxxxxxxx-",
        r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}"
        r"-[0-9a-fA-F]{12}\b",
        "<id>",
    ),
    _volatile("", "0x", r"\b0x[0-9a-fA-F]+\b", "<address>"),
    _volatile(
        _IDS,
        "",
        rf"(?i)\b({_IDS.replace(' ', '|')})([ _-]?id)?([\s:=#(\[]{{1,3}})"
        r"[0-9a-f][\w.-]*",
        r"\1\2\3<id>",
    ),
    _volatile("", "xxxxxxx", r"\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,64}\b", "<id>"),
    _volatile("", "0:00", rf"\b{_CLOCK}\b", "<time>"),
    _volatile(
        "",
        "0m;0 m;0\u00b5;0 \u00b5",
        rf"(?<![\w.])(?:\d+(?:\.\d+)?|\.\d+)\s?{_UNIT}"
        rf"(?:\s?\d+(?:\.\d+)?\s?{_UNIT})*\b",
        "<duration>",
    ),
    _volatile(
        "line col",
        " 0;:0",
        r"(?i)\b(lines?|column|col)([ :])\d+(?:\s?-\s?\d+)?",
        r"\1\2<line>",
    ),
    _volatile("", ":0", r"([\w/-]\.[A-Za-z]{1,5}):\d+(?::\d+)?\b", r"\1:<line>"),
    _volatile("", "0\t;0:;0\u2192", r"(?m)^ *\d+(?=[\t|\u2192:])", "<line>"),
    _volatile("", "tmp/;folders/", r"(/tmp/|/var/folders/)[\w./+-]+", r"\1<name>"),
    _volatile("", "0000000000", r"(?<![\w.])\d{10,}(?:\.\d+)?\b", "<id>"),
)


def without_volatile(text: str) -> str:
    """Return a text with a mark in place of each volatile part.

    Between two words there is one blank, or one end of a line.
    """
    low = text.lower()
    outline = _outline_of(text)
    for kind in VOLATILE:
        if kind.may_stand_in(low, outline):
            text = kind.pattern.sub(kind.mark, text)
    return text


def _outline_of(text: str) -> bytes | None:
    """Return a text's outline: alike bytes are one byte, and its hex digits again.

    None for a text with digits of another script, which stand for a number as well.
    """
    if not text.isascii() and any(map(str.isdecimal, set(_ASCII.sub("", text)))):
        return None
    data = text.encode("utf-8", "replace")
    return data.translate(_OUTLINE) + b"\n" + data.translate(_HEX)
