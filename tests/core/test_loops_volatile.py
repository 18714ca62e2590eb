"""What is volatile is found by a quick look exactly where its expression finds it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.core.loops.arguments import words_without
from faregate.core.loops.normal import normal_result
from faregate.core.loops.volatile import VOLATILE, _outlines_of, without_volatile

PIECES = (
    *("2026-11-23", "2026/11/23T10:00:01.5Z", "Mon, 23 Nov 2026 10:00 UTC", "May 3"),
    *("3 Jun", "Sept 12", "june 4", "0x7fff", "0X1", "deadbeef12", "abcdefabc", "0a"),
    *("123e4567-e89b-12d3-a456-426614174000", "12345678-", "pid 77", "trace_id=a1"),
    *(
        "Request: 3f",
        "10:00",
        "1:23:45.6",
        "5 ms",
        "3\ns",
        "12\u00b5s",
        "4 \u03bcs",
        "1.5s",
    ),
    *(
        "7 hours 3 mins",
        "9n",
        "line 12",
        "Lines: 3 - 9",
        "COL 4",
        "color 5",
        "a.py:12:3",
    ),
    *("  12\u2192x", "12|", "3\t", "12:", "/tmp/ab.c1", "/var/folders/x/y", "tmp/3"),
    *("1234567890", "12345.67", "1234567890.5", "\u0663", "\u0661\u0662:\u0663\u0664"),
    *(
        "\u0665 ms",
        "line \u0664",
        "l\u0131ne 5",
        "\u017fpan 4",
        "\u212a 3",
        "\u00e9",
        "<id>",
    ),
    *(
        "x",
        ".",
        "-",
        "/",
        ":",
        " ",
        "  ",
        "\n",
        "\t",
        "\r",
        "\u00a0",
        "\u2028",
        "\x1c",
        "1",
    ),
)
texts = st.lists(st.sampled_from(PIECES), max_size=8).map("".join) | st.text(
    alphabet="0189abxmsJn-/:.\u2192\u00b5\u0663 \n\tT", max_size=30
)


def slowly(text: str) -> str:
    """Every expression over the whole text."""
    for kind in VOLATILE:
        if not kind.needles or any(each in text.lower() for each in kind.needles):
            text = kind.pattern.sub(kind.mark, text)
    return text


def normal(text: str) -> str:
    """A whole result, by expressions alone."""
    text = re.sub(r"[^\S\n]+", " ", text.strip())
    numbered = re.findall(r"(?m)^[^\n\d]*\d.*$", text)
    steady = re.sub(r"(?m)^[^\n\d]*\d.*$", "", text)
    lines = [*steady.split("\n"), *slowly("\n".join(numbered)).split("\n")]
    return "\n".join(sorted(filter(None, lines)))


@settings(max_examples=100, deadline=None)
@given(text=texts)
def test_a_quick_look_misses_nothing(text: str) -> None:
    spaced = re.sub(r"[^\S\n]+", " ", text)
    assert without_volatile(spaced) == slowly(spaced)
    assert normal_result(text) == normal(text)


@pytest.mark.parametrize("piece", PIECES)
def test_each_form_by_itself(piece: str) -> None:
    for text in (piece, f"a {piece} b", f"{piece}{piece}", f"{piece}\n{piece} \u00e9"):
        assert normal_result(text) == normal(text)


def test_what_takes_time_is_run_only_where_it_finds_something() -> None:
    text = "1 def main_1():\n and so on, for 12 of 30 files"
    seen = _outlines_of(text)
    assert seen is not None
    assert not [kind.mark for kind in VOLATILE if kind.may_stand_in(text, seen)]


@settings(max_examples=100, deadline=None)
@given(text=st.text(alphabet='aZ09_./- \u00e9\u0663\n\t\x1c\x00"@', max_size=20))
def test_words_are_the_same_in_either_script(text: str) -> None:
    # A letter that no ASCII text has, in a word of its own, at the end.
    assert (*words_without(text, ""), "\u00e9") == words_without(f"{text} \u00e9", "")
