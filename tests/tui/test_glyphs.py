from __future__ import annotations

import dataclasses
import unicodedata

import pytest
from rich.cells import cell_len

from faregate.tui.glyphs import ASCII, UNICODE, Glyphs

SIGNS = [field.name for field in dataclasses.fields(Glyphs) if field.name != "border"]


@pytest.mark.parametrize("name", SIGNS)
def test_signs_take_one_cell_everywhere(name: str) -> None:
    for glyphs in (UNICODE, ASCII):
        for sign in getattr(glyphs, name):
            assert cell_len(sign) == 1
            assert unicodedata.east_asian_width(sign) not in {"W", "F"}
    assert len(getattr(UNICODE, name)) == len(getattr(ASCII, name))


@pytest.mark.parametrize("name", SIGNS)
def test_the_plain_alphabet_is_plain(name: str) -> None:
    assert getattr(ASCII, name).isascii()


def test_states_keep_different_signs() -> None:
    for glyphs in (UNICODE, ASCII):
        signs = [glyphs.running, glyphs.waiting, glyphs.idle, glyphs.stopped]
        signs += [glyphs.closed, glyphs.ended]
        assert len(set(signs)) == len(signs)
        fills = [glyphs.spent, glyphs.unknown, glyphs.held, glyphs.free]
        assert len(set(fills)) == len(fills)
