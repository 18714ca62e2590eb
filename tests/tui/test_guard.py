from __future__ import annotations

from faregate.tui.guard import GUARD_S, Guard


def test_a_row_that_came_by_itself_is_closed_for_a_moment() -> None:
    guard = Guard()
    guard.came("a", 10.0)
    assert not guard.is_open(10.0)
    assert not guard.is_open(10.0 + GUARD_S / 2)
    assert guard.is_open(10.0 + GUARD_S)
    guard.came("a", 10.3)
    assert guard.is_open(10.0 + GUARD_S)
    guard.came("b", 20.0)
    assert not guard.is_open(20.1)


def test_a_row_that_the_person_chose_is_open_at_once() -> None:
    guard = Guard()
    guard.came("a", 10.0)
    guard.moved("b")
    assert guard.is_open(10.0)
    guard.came("b", 10.1)
    assert guard.is_open(10.1)
    guard.came(None, 10.2)
    assert not guard.is_open(10.2)
