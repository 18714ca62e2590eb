"""Which parts of a text may differ although it tells the same.

Owns the forms of times, durations, line numbers, process and request ids, addresses and
digests. Any other number or word is substance.
"""

from __future__ import annotations

import re
from typing import AnyStr, NamedTuple

from faregate.core.values import dataclass

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
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
    for byte in b"JFMASOND":
        # The first letters of the months.
        table[byte] = ord("J")
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

    It is looked for only where one of `outlines` stands in the text's outline, or one
    of `digests` in that of its hex digits, and one of `needles` in the text in lower
    case: a part of this kind has them. An expression that is run in vain takes a
    hundred times as long as such a look.
    """

    pattern: re.Pattern[str]
    mark: str
    outlines: tuple[bytes, ...] = ()
    digests: tuple[bytes, ...] = ()
    needles: tuple[str, ...] = ()

    def may_stand_in(self, low: str, seen: _Outlines | None) -> bool:
        """Tell whether a text may have such a part; `seen` None tells nothing."""
        if seen is not None and not (
            _has(seen.plain, self.outlines) and _has(seen.hex, self.digests)
        ):
            return False
        return _has(low, self.needles)


class _Outlines(NamedTuple):
    """A text in which alike bytes are one byte."""

    plain: bytes
    hex: bytes
    """With one byte for every hex digit."""


def _has(text: AnyStr, wanted: tuple[AnyStr, ...]) -> bool:
    """Tell whether one of these stands in a text; where none is asked for, it may."""
    if not wanted:
        return True
    for each in wanted:  # noqa: SIM110 - a generator costs more than the look
        if each in text:
            return True
    return False


def _volatile(
    pattern: str, mark: str, outlines: str = "", digests: str = "", needles: str = ""
) -> _Volatile:
    """Return a kind; of the `outlines`, `;` stands between two, as in the text."""
    seen = [each.encode().translate(_OUTLINE) for each in outlines.split(";") if each]
    return _Volatile(
        pattern=re.compile(pattern),
        mark=mark,
        outlines=tuple(dict.fromkeys(seen)),
        digests=tuple(map(str.encode, digests.split())),
        needles=tuple(needles.split()),
    )


# In this order: a date holds a clock, a digest holds numbers.
VOLATILE = (
    _volatile(
        r"\b\d{4}[-/]\d{2}[-/]\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)?"
        r"\s?(?:Z|UTC|[+-]\d{2}:?\d{2})?\b",
        "<time>",
        outlines="0000-00",
    ),
    _volatile(
        rf"\b(?:{_DAY}\s+)?(?:{_MONTH}\s+\d{{1,2}}|\d{{1,2}}\s+{_MONTH})"
        rf"(?:,?\s+\d{{4}})?(?:\s+{_CLOCK})?(?:\s?(?:AM|PM))?"
        r"(?:\s+(?:UTC|GMT|[A-Z]{3,4}))?(?:\s+\d{4})?\b",
        "<time>",
        outlines="J",
        needles=_MONTHS,
    ),
    _volatile(
        r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}"
        r"-[0-9a-fA-F]{12}\b",
        "<id>",
        digests="xxxxxxxx-",
    ),
    _volatile(r"\b0x[0-9a-fA-F]+\b", "<address>", outlines="0x"),
    _volatile(
        rf"(?i)\b({_IDS.replace(' ', '|')})([ _-]?id)?([\s:=#(\[]{{1,3}})"
        r"[0-9a-f][\w.-]*",
        r"\1\2\3<id>",
        needles=_IDS,
    ),
    _volatile(r"\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,64}\b", "<id>", digests="xxxxxxx"),
    _volatile(rf"\b{_CLOCK}\b", "<time>", outlines="0:00"),
    _volatile(
        rf"(?<![\w.])(?:\d+(?:\.\d+)?|\.\d+)\s?{_UNIT}"
        rf"(?:\s?\d+(?:\.\d+)?\s?{_UNIT})*\b",
        "<duration>",
        outlines="0m;0 m;0\u00b5;0 \u00b5",
    ),
    _volatile(
        r"(?i)\b(lines?|column|col)([ :])\d+(?:\s?-\s?\d+)?",
        r"\1\2<line>",
        outlines=" 0;:0",
        needles="line col",
    ),
    _volatile(r"([\w/-]\.[A-Za-z]{1,5}):\d+(?::\d+)?\b", r"\1:<line>", outlines=":0"),
    _volatile(r"(?m)^ *\d+(?=[\t|\u2192:])", "<line>", outlines="0\t;0:;0\u2192"),
    _volatile(r"(/tmp/|/var/folders/)[\w./+-]+", r"\1<name>", outlines="tmp/;folders/"),
    _volatile(r"(?<![\w.])\d{10,}(?:\.\d+)?\b", "<id>", outlines="0000000000"),
)


def without_volatile(text: str) -> str:
    """Return a text with a mark in place of each volatile part.

    Between two words there is one blank, or one end of a line.
    """
    low = text.lower()
    seen = _outlines_of(text)
    for kind in VOLATILE:
        if kind.may_stand_in(low, seen):
            text = kind.pattern.sub(kind.mark, text)
    return text


def _outlines_of(text: str) -> _Outlines | None:
    """Return a text's outlines.

    None for a text with digits of another script, which stand for a number as well.
    """
    if not text.isascii() and any(map(str.isdecimal, set(_ASCII.sub("", text)))):
        return None
    data = text.encode("utf-8", "replace")
    return _Outlines(data.translate(_OUTLINE), data.translate(_HEX))
