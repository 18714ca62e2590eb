"""Captured bodies as lines that fit and are harmless."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from faregate.control.sanitise import sanitise
from faregate.core.captured import CapturedReply
from faregate.server.capture_views import capture_view
from faregate.tui import captured_text
from faregate.tui.captured_text import (
    Part,
    body_lines,
    fitted,
    header_lines,
    sources,
)
from tests.tui.captured_scene import STREAM, captured


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=8), st.integers(2, 40))
def test_every_line_fits_and_is_harmless(lines: list[str], cells: int) -> None:
    for each in fitted(lines, cells):
        assert cell_len(each) <= cells
        assert sanitise(each, limit=10_000) == each


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200))
def test_nothing_is_lost_where_a_line_goes_on(text: str) -> None:
    assert "".join(fitted([text], 7)) == text


def test_words_stay_whole_where_that_leaves_no_great_gap() -> None:
    assert fitted(["one two three", ""], 8) == ["one two ", "three", ""]
    assert fitted(["a incomprehensible"], 8) == ["a incomp", "rehensib", "le"]


def test_a_very_long_line_and_very_many_are_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert len(fitted(["x" * 100_000], 100)) == 1000
    assert len(fitted(["ü" * 70_000], 100)) == pytest.approx(700, abs=3)
    monkeypatch.setattr(captured_text, "MOST_LINES", 10)
    found = fitted(["x"] * 1000, 10)
    assert len(found) == 11
    assert "more than this screen shows" in found[-1]


def test_the_latest_answer_comes_first() -> None:
    view = capture_view(captured())
    assert [each.wire for each in sources(view, Part.REQUEST)] == ["request", "sent"]
    found = sources(view, Part.RESPONSE)
    assert [(each.wire, each.attempt) for each in found] == [
        ("answer", 2),
        ("answer", 1),
        ("reply", 0),
    ]
    assert {each.protocol for each in found} == {"anthropic_messages"}
    assert sources(view, Part.RAW) == found
    assert sources(view, Part.HEADERS) == []
    refused = replace(captured(), attempts=(), reply=None, refusal="no")
    assert sources(capture_view(refused), Part.RESPONSE) == []
    assert "-- refused: no" in header_lines(capture_view(refused))


def test_a_body_says_where_it_was_cut() -> None:
    view = capture_view(captured())
    source = sources(view, Part.RESPONSE)[0]
    lines = body_lines(Part.RESPONSE, source, STREAM, fold=False)
    assert lines[0] == "-- text"
    assert lines[-2].startswith("-- cut here: ")
    assert lines[-1] == "-- it was broken off here"
    raw = body_lines(Part.RAW, source, STREAM, fold=False)
    assert raw[0].startswith("+3.000 s")


def test_headers_of_every_step_are_there() -> None:
    same = replace(captured(), reply=CapturedReply(status=200))
    lines = header_lines(capture_view(same))
    assert lines[0] == "POST /w/infra/v1/messages?beta=true"
    assert "-- answered 529" in lines
    assert "retry-after: 3" in lines
    assert "-- the agent got 200" in lines
