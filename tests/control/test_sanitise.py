from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.control.sanitise import (
    MAX_TEXT,
    escaped,
    harmless,
    sanitise,
    sanitise_optional,
)

HOSTILE = (
    *range(0x20),
    *range(0x7F, 0xA0),
    0x061C,
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    0xFEFF,
    *range(0xFE00, 0xFE10),
    *range(0xE0000, 0xE0080),
    *range(0xD800, 0xD805),
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("claude-opus-4-6", "claude-opus-4-6"),
        ("größe 日本", "größe 日本"),
        ("\x1b[2J", "\ufffd[2J"),
        ("\x1b]52;c;ZXZpbA==\x07", "\ufffd]52;c;ZXZpbA==\ufffd"),
        ("\x9b31m", "\ufffd31m"),
        ("\x90q\x9c", "\ufffdq\ufffd"),
        ("a\u202egpj.exe", "a\ufffdgpj.exe"),
        ("pay\u200bpal", "pay\ufffdpal"),
        ("hi\U000e0041\U000e0042", "hi\ufffd\ufffd"),
        ("two\r\nlines\tand a tab", "two lines and a tab"),
        ("next\u2028line", "next line"),
        ("[red]not markup[/red]", "[red]not markup[/red]"),
        ("", ""),
    ],
)
def test_what_a_terminal_gets(text: str, shown: str) -> None:
    assert sanitise(text) == shown


@pytest.mark.parametrize("code", HOSTILE)
def test_no_hostile_character_stays(code: int) -> None:
    shown = sanitise(f"a{chr(code)}b")
    assert chr(code) not in shown
    assert shown in {"a\ufffdb", "a b"}


@settings(max_examples=100)
@given(st.text(alphabet=st.characters(), max_size=60))
def test_what_is_left_can_be_printed_and_encoded(text: str) -> None:
    shown = sanitise(text)
    shown.encode()
    for character in shown:
        assert unicodedata.category(character) not in {"Cc", "Cs"}
        assert unicodedata.bidirectional(character) not in {
            "LRE",
            "RLE",
            "LRO",
            "RLO",
            "PDF",
            "LRI",
            "RLI",
            "FSI",
            "PDI",
        }
    assert sanitise(shown) == shown


def test_length_is_bounded() -> None:
    assert len(sanitise("x" * 10**6)) == MAX_TEXT
    assert sanitise("abcdef", limit=4) == "abc…"
    assert sanitise("abcd", limit=4) == "abcd"
    assert sanitise("abc", limit=0) == ""


def test_none_stays_none() -> None:
    assert sanitise_optional(None) is None
    assert sanitise_optional("a\x00", limit=5) == "a\ufffd"


def test_a_letter_keeps_two_marks_and_a_pile_of_them_goes() -> None:
    assert sanitise("e\u0301") == "e\u0301"
    assert sanitise("ế".encode().decode() + "x") == "ếx"
    assert sanitise("a" + "\u0300\u0335\u0489" * 50 + "b") == "a\u0300\u0335b"


def test_several_lines_stay_several_lines() -> None:
    assert harmless("one\n\ttwo\x1b[2J\r\nthree") == "one\n\ttwo\ufffd[2J \nthree"
    assert harmless("x" * 5000) == "x" * 5000


@given(st.text())
def test_a_document_that_is_escaped_says_the_same(text: str) -> None:
    document = json.dumps({"a": text}, ensure_ascii=False, indent=1)
    told = escaped(document)
    assert json.loads(told) == {"a": text}
    assert not any(unicodedata.category(each) == "Cc" for each in told if each != "\n")
