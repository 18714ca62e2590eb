from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.core.money import Money
from faregate.tui.caps import gauge
from faregate.tui.glyphs import ASCII, UNICODE
from faregate.tui.lines import Line, width
from faregate.tui.meter import column_bars, gauge_bar, scale, sparkline
from faregate.tui.tones import Tone
from tests.control.scenes import budget


def bar(spent: str, held: str = "0", unknown: str = "0", cells: int = 20) -> str:
    found = gauge(budget(spent, "100", held=held, unknown=unknown))
    assert found is not None
    return text(gauge_bar(found, cells, ASCII))


def text(line: Line) -> str:
    return "".join(part.text for part in line)


@pytest.mark.parametrize(
    ("shown", "drawn"),
    [
        (bar("0"), "..........|.....|..."),
        (bar("0.01"), "#.........|.....|..."),
        (bar("25"), "#####.....|.....|..."),
        (bar("25", held="10", unknown="5"), "#####%==..|.....|..."),
        (bar("99.99"), "##########|#####|##."),
        (bar("100"), "##########|#####|###"),
        (bar("500"), "##########|#####|###"),
    ],
)
def test_the_bar_is_full_only_when_the_budget_is(shown: str, drawn: str) -> None:
    assert shown == drawn


def test_colour_turns_at_the_marks() -> None:
    found = gauge(budget("95", "100"))
    assert found is not None
    tones = [part.tone for part in gauge_bar(found, 40, UNICODE)]
    assert tones == [
        Tone.OK, Tone.TEXT, Tone.WARN, Tone.TEXT, Tone.CRIT, Tone.TRACK,
    ]  # fmt: skip


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(0, 10**5), st.integers(5, 150))
def test_a_bar_has_exactly_its_width(spent: int, held: int, cells: int) -> None:
    found = gauge(budget(str(spent), "1000", held=str(held)))
    assert found is not None
    assert width(gauge_bar(found, cells, UNICODE)) == cells


def test_the_scale_stands_under_the_marks() -> None:
    drawn = text(scale(40))
    assert drawn.index("50%") == 20
    assert drawn.index("80%") == 32
    assert drawn.startswith("0%")
    assert drawn.endswith("100%")
    assert len(drawn) == 40


def dollars(*amounts: int) -> list[Money]:
    return [Money.usd(amount) for amount in amounts]


def test_a_sparkline_rises_to_the_highest_and_shows_the_least() -> None:
    (drawn,) = sparkline(dollars(0, 1, 4, 8, 0), 5, 1, UNICODE)
    assert text(drawn) == "▁▁▄█▁"
    assert drawn[1].tone is Tone.TRACK
    assert drawn[2].tone is Tone.ACCENT


def test_two_rows_double_the_steps() -> None:
    top, bottom = sparkline(dollars(8, 16, 4), 3, 2, UNICODE)
    assert (text(top), text(bottom)) == (" █ ", "██▄")


def test_few_values_stand_at_the_right_and_many_are_averaged() -> None:
    (few,) = sparkline(dollars(1), 4, 1, ASCII)
    assert text(few) == "   #"
    (many,) = sparkline(dollars(0, 0, 8, 8), 2, 1, ASCII)
    assert text(many) == ".#"
    (none,) = sparkline([], 4, 1, ASCII)
    assert text(none) == "    "


def test_columns_stand_apart_and_the_highest_is_full() -> None:
    values = [Money.usd("1"), Money(), Money.usd("4")]
    top, bottom = column_bars(values, 3, 2, UNICODE)
    assert text(top) == "      ██ "
    assert text(bottom) == "▄▄ ▁▁ ██ "
    (narrow,) = column_bars(values, 1, 1, UNICODE)
    assert text(narrow) == "▂▁█"
