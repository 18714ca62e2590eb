from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from faregate.tui.lines import (
    cell,
    first_that_fits,
    fit,
    fit_middle,
    line,
    span,
    spread,
    width,
    wrap,
)
from faregate.tui.tones import Tone


def test_every_span_is_harmless() -> None:
    assert span("\x1b[2Jrm").text == "\ufffd[2Jrm"
    assert line("a\x07", span("b", Tone.OK)) == (
        span("a\ufffd"),
        span("b", Tone.OK),
    )


@settings(max_examples=100)
@given(st.text(max_size=30), st.integers(1, 20))
def test_a_cell_has_exactly_its_width(text: str, cells: int) -> None:
    harmless = span(text).text
    assert cell_len(cell(harmless, cells)) == cells
    assert cell_len(cell(harmless, cells, right=True)) == cells
    assert cell_len(fit(harmless, cells)) <= cells


def test_wide_letters_count_twice() -> None:
    assert fit("日本語", 5) == "日本…"
    assert cell("日本", 5) == "日本 "
    assert width([span("日本"), span("ab")]) == 6


def test_what_is_cut_says_so() -> None:
    assert fit("webshop/feat-pay", 8) == "webshop…"
    assert fit("webshop/feat-pay", 8, cut="+") == "webshop+"
    assert fit("abc", 0) == ""


def test_a_name_may_be_cut_in_its_middle() -> None:
    assert fit_middle("simulated-anthropic", 13) == "simula…hropic"
    assert fit_middle("simulated-openai", 13) == "simula…openai"
    assert fit_middle("short", 13) == "short"
    assert fit_middle("日本語日本語", 7) == "日本…語"
    assert fit_middle("abcdef", 2) == "a…"


def test_the_right_end_yields() -> None:
    assert "".join(part.text for part in spread(line("ab"), line("z"), 6)) == "ab   z"
    assert spread(line("abcdef"), line("z"), 6) == line("abcdef")


def test_the_first_line_that_fits_is_taken_else_the_last() -> None:
    long, short = line("long enough"), line("short")
    assert first_that_fits([long, short], 20) == long
    assert first_that_fits([long, short], 6) == short
    assert first_that_fits([long, short], 2) == short


def test_wrapping_breaks_at_spaces() -> None:
    assert wrap("one two three", 7) == ["one two", "three"]
    assert wrap("unbreakable", 5) == ["unbr…"]
    assert wrap("", 5) == [""]
