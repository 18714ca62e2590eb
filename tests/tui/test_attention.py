from __future__ import annotations

from faregate.control.models import Snapshot
from faregate.tui.attention import Attention, title
from faregate.tui.glyphs import ASCII, UNICODE
from faregate.tui.store import Link, LinkState, Store
from tests.control import scenes
from tests.control.approvals import waits


def store_of(snapshot: Snapshot) -> Store:
    store = Store()
    store.set_link(Link(state=LinkState.LIVE))
    store.apply(snapshot, 0.0)
    return store


def told(store: Store, attention: Attention) -> list[str]:
    return [call.text for call in attention.calls(store)]


def test_a_request_that_waits_calls_once() -> None:
    attention = Attention()
    store = store_of(scenes.snapshot(budgets=[scenes.budget("1")]))
    assert told(store, attention) == []
    store.approvals = [waits("a1", estimate="1.92")]
    assert told(store, attention) == ["a request waits for your yes or no, about $1.92"]
    assert told(store, attention) == []
    store.approvals = [waits("a1"), waits("a2", estimate="0")]
    assert told(store, attention) == ["a request waits for your yes or no"]


def test_a_level_calls_when_it_is_crossed_and_is_armed_again_below() -> None:
    attention = Attention()
    low = scenes.snapshot(budgets=[scenes.budget("1")])
    high = scenes.snapshot(budgets=[scenes.budget("164.20")])
    full = scenes.snapshot(budgets=[scenes.budget("200", refusing=True)])
    assert told(store_of(low), attention) == []
    assert told(store_of(high), attention) == ["82.1% of the month cap of $200.00"]
    assert told(store_of(high), attention) == []
    assert told(store_of(full), attention) == ["the month cap of $200.00 is reached"]
    assert told(store_of(low), attention) == []
    assert len(told(store_of(full), attention)) == 2


def test_what_stood_before_the_first_look_is_no_news() -> None:
    attention = Attention()
    assert told(store_of(scenes.capped()), attention) == []
    assert told(store_of(scenes.capped()), attention) == []


def test_a_lost_proxy_calls_for_nothing() -> None:
    store = store_of(scenes.capped())
    store.approvals = [waits("a1")]
    store.set_link(Link(state=LinkState.LOST))
    assert told(store, Attention()) == []


def test_the_title_has_figures_alone() -> None:
    store = store_of(scenes.busy())
    assert title(store, UNICODE) == "▲82% $17.07/h faregate"
    store.approvals = [waits("a1")]
    assert title(store, ASCII).startswith("=1 ^82%")
    calm = store_of(scenes.snapshot(budgets=[scenes.budget("1")], burn=["0"]))
    assert title(calm, UNICODE) == "0% faregate"
    assert title(Store(), UNICODE) == "○ faregate"
