from __future__ import annotations

from faregate.tui.glyphs import ASCII, UNICODE
from faregate.tui.ink import mix
from faregate.tui.lines import line, span
from faregate.tui.tones import Tone
from tests.tui.drawing import THEMES


def test_a_strip_has_exactly_its_width() -> None:
    ink = mix(THEMES["ledger"].colors, UNICODE)
    for content in (line("short"), line("much longer than that"), line("日本語日本語")):
        for cells in (0, 1, 7, 30):
            strip = ink.paint(content, cells)
            assert strip.cell_length == cells
            assert sum(segment.cell_length for segment in strip) == cells
    assert ink.paint(line("much longer"), 6).text == "much… "


def test_every_tone_has_a_style_on_the_ground_of_the_theme() -> None:
    for theme in THEMES.values():
        ink = mix(theme.colors, UNICODE)
        for tone in Tone:
            style = ink.style(tone)
            assert style.color is not None
            assert style.bgcolor is not None
            assert style.bgcolor.name == theme.colors["background"]


def test_alerts_are_reversed_and_bold_in_every_theme() -> None:
    for theme in THEMES.values():
        ink = mix(theme.colors, UNICODE)
        for tone in (Tone.ALERT, Tone.NOTICE):
            style = ink.style(tone)
            assert (style.reverse, style.bold) == (True, True)


def test_old_figures_are_quiet_but_alerts_are_not() -> None:
    ink = mix(THEMES["ledger"].colors, UNICODE)
    old = ink.aged(True)
    assert old.style(Tone.SPEND) == ink.style(Tone.MUTED)
    assert old.style(Tone.ALERT) == ink.style(Tone.ALERT)
    assert ink.aged(False) is ink


def test_the_chosen_row_has_one_style() -> None:
    ink = mix(THEMES["ledger"].colors, UNICODE)
    strip = ink.paint(line("a", span("b", Tone.CRIT)), 5, selected=True)
    assert {segment.style for segment in strip} == {ink.selected}


def test_the_plain_alphabet_reaches_cuts_and_broken_names() -> None:
    ink = mix(THEMES["mono"].colors, ASCII)
    assert ink.paint(line(span("a\x1bb")), 3).text == "a?b"
    assert ink.paint(line("abcdef"), 4).text == "abc+"


def test_the_plain_alphabet_keeps_the_cells_of_what_it_cannot_say() -> None:
    ink = mix(THEMES["ledger"].colors, ASCII)
    assert ink.readable("café ünïcode…") == "cafe unicode+"
    assert ink.readable("日本 \ufffd½") == "???? ??"
    assert ink.readable("plain") == "plain"
    other = mix(THEMES["ledger"].colors, UNICODE)
    assert other.readable("café 日本…") == "café 日本…"


def test_a_blank_takes_the_style_beside_it_unless_it_would_be_seen() -> None:
    ink = mix(THEMES["ledger"].colors, UNICODE)
    content = (
        span("  "),
        span("1", Tone.SPEND),
        span("  "),
        span("FROZEN", Tone.NOTICE),
        span("  ", Tone.NOTICE),
        span(" "),
        span("x", Tone.MUTED),
    )
    pieces = [(each.text, each.style) for each in ink.paint(content, 17)]
    assert pieces == [
        ("  1  ", ink.style(Tone.SPEND)),
        ("FROZEN  ", ink.style(Tone.NOTICE)),
        (" x  ", ink.style(Tone.MUTED)),
    ]
