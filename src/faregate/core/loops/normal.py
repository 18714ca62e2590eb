"""What a tool's result says once its volatile parts are taken out.

Owns which parts may differ between two results that tell an agent the same: times,
durations, line numbers, process and request ids, addresses, digests. Any other
number or word is substance and stays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 16_384
"""Characters that are read with care; the middle of a longer text counts exactly."""

# What agents put into a message themselves, beside what a tool or a person said.
_ENVELOPES = ("system-reminder", "environment_context")
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?"
_UNIT = (
    r"(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h|secs?|seconds?|mins?|minutes?|hrs?|hours?|"
    r"millis(?:econds)?|microseconds|nanoseconds)"
)
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?"
_IDS = "pid ppid pgid tid chunk request trace correlation invocation span"


@dataclass(frozen=True, slots=True)
class _Volatile:
    """One kind of volatile part; looked for only where one of `needles` stands."""

    needles: tuple[str, ...]
    pattern: re.Pattern[str]
    mark: str


def _volatile(needles: str, pattern: str, mark: str) -> _Volatile:
    return _Volatile(tuple(needles.split()), re.compile(pattern), mark)


# In this order: a date holds a clock, a digest holds numbers.
_VOLATILE = (
    _volatile(
        "- /",
        r"\b\d{4}[-/]\d{2}[-/]\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)?"
        r"\s?(?:Z|UTC|[+-]\d{2}:?\d{2})?\b",
        "<time>",
    ),
    _volatile(
        _MONTHS,
        rf"\b(?:{_DAY}\s+)?(?:{_MONTH}\s+\d{{1,2}}|\d{{1,2}}\s+{_MONTH})"
        rf"(?:,?\s+\d{{4}})?(?:\s+{_CLOCK})?(?:\s?(?:AM|PM))?"
        r"(?:\s+(?:UTC|GMT|[A-Z]{3,4}))?(?:\s+\d{4})?\b",
        "<time>",
    ),
    _volatile(
        "-",
        r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}"
        r"-[0-9a-fA-F]{12}\b",
        "<id>",
    ),
    _volatile("0x", r"\b0x[0-9a-fA-F]+\b", "<address>"),
    _volatile(
        _IDS,
        rf"(?i)\b({_IDS.replace(' ', '|')})([ _-]?id)?([\s:=#(\[]{{1,3}})"
        r"[0-9a-f][\w.-]*",
        r"\1\2\3<id>",
    ),
    _volatile("", r"\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,64}\b", "<id>"),
    _volatile(":", rf"\b{_CLOCK}\b", "<time>"),
    _volatile(
        "",
        rf"(?<![\w.])(?:\d+(?:\.\d+)?|\.\d+)\s?{_UNIT}"
        rf"(?:\s?\d+(?:\.\d+)?\s?{_UNIT})*\b",
        "<duration>",
    ),
    _volatile(
        "line col",
        r"(?i)\b(lines?|column|col)([ :])\d+(?:\s?-\s?\d+)?",
        r"\1\2<line>",
    ),
    _volatile(":", r"([\w/-]\.[A-Za-z]{1,5}):\d+(?::\d+)?\b", r"\1:<line>"),
    _volatile("", r"(?m)^ *\d+(?=[\t|\u2192:])", "<line>"),
    _volatile("tmp/ folders/", r"(/tmp/|/var/folders/)[\w./+-]+", r"\1<name>"),
    _volatile("", r"(?<![\w.])\d{10,}(?:\.\d+)?\b", "<id>"),
)
_NUMBERED = re.compile(r"(?m)^[^\n\d]*\d.*$")
"""Lines with a digit; nothing volatile stands in any other."""
_SPACE = re.compile(r"[^\S\n]+")


def plain_words(text: str) -> str:
    """Return a text without what the agent itself wrapped around it."""
    if "<" in text:
        for name in _ENVELOPES:
            text = _without(text, f"<{name}>", f"</{name}>")
    return text.strip()


def normal_result(text: str) -> str:
    """Return a result's lines, sorted, with a mark in place of each volatile part."""
    text = plain_words(text)
    if len(text) > LONGEST:
        half = LONGEST // 2
        head, middle, tail = text[:half], text[half:-half], text[-half:]
        return f"{_normal(head)}<{hash(middle)}>{_normal(tail)}"
    return _normal(text)


def _normal(text: str) -> str:
    text = _SPACE.sub(" ", text)
    numbered = _NUMBERED.findall(text)
    if numbered:
        steady = _NUMBERED.sub("", text)
        text = f"{steady}\n{_marked(chr(10).join(numbered))}"
    # Searches and parallel tests tell the same in any order.
    return "\n".join(sorted(filter(None, text.split("\n"))))


def _marked(text: str) -> str:
    low = text.lower()
    for kind in _VOLATILE:
        if not kind.needles or any(needle in low for needle in kind.needles):
            text = kind.pattern.sub(kind.mark, text)
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
