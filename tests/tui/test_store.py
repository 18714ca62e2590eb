from __future__ import annotations

from faregate.tui.store import EVERYTHING, MAX_EVENTS, Kind, Link, LinkState, Store
from tests.control import scenes


def told(store: Store | None = None) -> Store:
    store = store or Store()
    store.apply(scenes.busy(), 10.0)
    return store


def test_a_snapshot_replaces_everything() -> None:
    store = told()
    assert store.told
    assert store.apply(scenes.first_run(), 11.0) == EVERYTHING - {Kind.LINK}
    assert store.sessions == {}
    assert list(store.events) == []
    assert store.received == 11.0
    assert store.setup is not None
    assert not store.setup.first_request_seen


def test_a_delta_that_changes_nothing_changes_nothing() -> None:
    store = told()
    before = store.sessions["7d1f0c2a-88aa"]
    same = scenes.session("7d1f0c2a-88aa", workspace="proxy", task="main")
    assert same == before
    delta = scenes.delta(2, scenes.busy(), sessions=[same], budgets=[])
    assert store.apply(delta, 12.0) == set()
    assert store.sessions["7d1f0c2a-88aa"] is before
    assert store.received == 12.0


def test_each_kind_is_told_when_it_changed() -> None:
    snapshot = scenes.busy()
    cases: dict[Kind, dict[str, object]] = {
        Kind.BUDGETS: {"budgets": [scenes.budget("165")]},
        Kind.SESSIONS: {"sessions": [scenes.session("new")]},
        Kind.FLIGHTS: {"flights": []},
        Kind.EVENTS: {"events": [scenes.event(40, "x")]},
        Kind.PROVIDERS: {"providers": [scenes.provider("zai", breaker="open")]},
        Kind.BURN: {"burn": ["1"]},
        Kind.PROXY: {"waiting": 9},
        Kind.SETUP: {"setup": scenes.setup(keys_found=[])},
    }
    for kind, change in cases.items():
        store = told()
        assert store.apply(scenes.delta(2, snapshot, **change), 11.0) == {kind}


def test_a_pause_is_shown_while_it_lasts() -> None:
    snapshot, store = scenes.busy(), told()
    paused = scenes.delta(2, snapshot, paused=["all"], stopped=["workspace:web"])
    assert store.apply(paused, 11.0) == {Kind.PROXY}
    assert store.latched == "workspace web stopped, everything paused"
    assert store.apply(scenes.delta(3, snapshot), 12.0) == {Kind.PROXY}
    assert store.latched == ""


def test_sessions_are_merged_by_id_and_budgets_by_scope_and_window() -> None:
    store = told()
    day = scenes.budget("1", "5", window="day")
    other = scenes.session("7d1f0c2a-88aa", cost="9.00")
    store.apply(scenes.delta(2, scenes.busy(), sessions=[other], budgets=[day]), 11.0)
    assert len(store.sessions) == 5
    assert store.sessions["7d1f0c2a-88aa"].cost == "9.00"
    assert set(store.budgets) == {("global", "month"), ("global", "day")}


def test_an_older_delta_is_left_alone() -> None:
    store = told()
    store.apply(scenes.delta(5, scenes.busy(), budgets=[scenes.budget("170")]), 11.0)
    late = scenes.delta(4, scenes.busy(), budgets=[scenes.budget("165")])
    assert store.apply(late, 12.0) == set()
    assert store.budgets["global", "month"].spent == "170"


def test_events_come_once_and_their_number_is_bounded() -> None:
    store = told()
    again = [scenes.event(18, "again"), scenes.event(19, "fresh")]
    store.apply(scenes.delta(2, scenes.busy(), events=again), 11.0)
    assert [event.seq for event in store.events] == [14, 15, 17, 18, 19]
    flood = [scenes.event(seq, "x") for seq in range(20, 20 + 3 * MAX_EVENTS)]
    store.apply(scenes.delta(3, scenes.busy(), events=flood), 11.0)
    assert len(store.events) == MAX_EVENTS
    assert store.events[-1].seq == 19 + 3 * MAX_EVENTS


def test_uptime_follows_without_counting_as_news() -> None:
    store = told()
    store.apply(scenes.delta(2, scenes.busy(), uptime_s=99_999.0), 11.0)
    assert store.proxy is not None
    assert store.proxy.uptime_s == 99_999.0
    assert store.proxy.url == scenes.URL


def test_a_copy_stands_still() -> None:
    store = told()
    copy = store.copy()
    store.apply(
        scenes.delta(
            2,
            scenes.busy(),
            sessions=[scenes.session("new", requests=7)],
            events=[scenes.event(40, "x")],
            flights=[],
        ),
        11.0,
    )
    assert "new" not in copy.sessions
    assert copy.events[-1].seq == 18
    assert len(copy.flights) == 3
    assert store.requests() - copy.requests() == 7


def test_the_link_is_news_only_when_it_changed() -> None:
    store = Store()
    live = Link(state=LinkState.LIVE, since=1.0)
    before = store.live
    assert store.set_link(live) == {Kind.LINK}
    assert (before, store.live) == (False, True)
    assert store.set_link(live) == set()
