from __future__ import annotations

import re

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from faregate.tui.colorless import colorless

GROUND = "#101010"


def painted(style: Style | None) -> str:
    (segment,) = colorless(GROUND).apply([Segment("x", style)], Color.parse(GROUND))
    if segment.style is None:
        return segment.text
    system = Console(force_terminal=True, color_system="truecolor")._color_system
    return segment.style.render(segment.text, color_system=system)


def test_no_colour_is_left_and_what_is_no_colour_stays() -> None:
    loud = Style(color="#ff0000", bgcolor=GROUND, bold=True, reverse=True)
    assert painted(loud) == "\x1b[1;7mx\x1b[0m"
    for style in (
        Style(color="red", bgcolor="blue", underline=True),
        Style(color="#808080", bgcolor="#242424"),
        Style(color="default", bgcolor="default"),
    ):
        assert not re.search(r"[;\[](3|4|9|10)\d", painted(style))
    assert painted(None) == "x"


def test_a_ground_that_stands_out_is_reversed() -> None:
    assert painted(Style(color="#101010", bgcolor="#d8d8d8")) == "\x1b[7mx\x1b[0m"
    assert painted(Style(color="#d8d8d8", bgcolor="#1a1a1a")) == "x"
    assert painted(Style(bgcolor="#ffffff", reverse=True)) == "\x1b[7mx\x1b[0m"


def test_what_a_click_means_is_kept() -> None:
    style = Style(color="red", meta={"@click": "open"})
    (kept,) = colorless(GROUND).apply([Segment("x", style)], Color.parse(GROUND))
    assert kept.style is not None
    assert kept.style.meta == {"@click": "open"}


def test_the_same_ground_has_the_same_filter() -> None:
    assert colorless(GROUND) is colorless(GROUND)
    assert colorless(GROUND) is not colorless("#ffffff")
