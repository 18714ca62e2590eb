from __future__ import annotations

import pytest

from faregate.tui.arrangement import Arrangement, arrange

FRAME = 2


def used(arranged: Arrangement) -> int:
    return FRAME + arranged.panels + arranged.strip + arranged.flights + arranged.events


def test_the_two_sizes_that_are_promised() -> None:
    assert arrange(120, 36) == Arrangement(panels=7, strip=0, flights=7, events=7)
    assert arrange(80, 24) == Arrangement(
        panels=0, strip=2, flights=5, events=5, providers=False
    )


@pytest.mark.parametrize("cells", [20, 59, 60, 99, 100, 112, 200])
def test_there_is_always_room_for_sessions(cells: int) -> None:
    for lines in range(1, 80):
        arranged = arrange(cells, lines)
        if lines >= 5:
            assert lines - used(arranged) >= (4 if arranged.bordered else 2)
            assert (arranged.panels > 0) != (arranged.strip > 0)


def test_a_tiny_terminal_keeps_money_and_sessions() -> None:
    tiny = arrange(40, 9)
    assert (tiny.strip, tiny.flights, tiny.events, tiny.bordered) == (2, 0, 0, False)
    assert arrange(200, 7).strip == 1


def test_a_tall_terminal_shows_more() -> None:
    assert arrange(120, 60).events > arrange(120, 36).events
