from __future__ import annotations

from faregate.tui.filtering import parse_filter
from faregate.tui.store import Link, LinkState
from tests.control import scenes
from tests.tui.drawing import view_of


def test_freezing_holds_the_figures_and_lets_go_again() -> None:
    view = view_of(scenes.busy())
    view.freeze()
    view.store.apply(scenes.first_run(), 1001.0)
    assert len(view.shown.sessions) == 5
    assert view.frozen_at == scenes.NOW
    view.freeze()
    assert len(view.shown.sessions) == 0
    assert view.frozen_at is None


def test_the_filter_can_be_turned_off_and_keeps_its_text() -> None:
    view = view_of(scenes.busy())
    view.wanted = parse_filter("agent:codex")
    assert view.active_filter.text == "agent:codex"
    view.filtering = False
    assert not view.active_filter
    assert view.wanted.text == "agent:codex"


def test_figures_turn_quiet_once_the_proxy_is_lost_and_the_ink_is_kept() -> None:
    view = view_of(scenes.busy())
    assert view.ink is view.theme_ink
    view.store.set_link(Link(state=LinkState.LOST, since=1.0))
    assert view.ink.stale
    assert view.ink is view.ink
    never = view_of(None, link=Link(state=LinkState.ABSENT))
    assert not never.ink.stale


def test_age_counts_from_the_last_message_while_live() -> None:
    view = view_of(scenes.busy())
    view.clock.seconds += 3.0  # type: ignore[attr-defined]
    assert view.age() == 3.0
    view.store.set_link(Link(state=LinkState.LOST, since=1.0))
    assert view.age() == 0.0
