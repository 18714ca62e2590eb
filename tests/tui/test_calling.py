from __future__ import annotations

from faregate.tui.calling import Caller, Signals
from faregate.tui.glyphs import UNICODE
from tests.control import scenes
from tests.control.approvals import waits
from tests.tui.test_attention import store_of


def test_a_request_that_waits_rings_and_shows_a_notice_once() -> None:
    written: list[str] = []
    caller = Caller(written.append, Signals())
    store = store_of(scenes.snapshot(budgets=[scenes.budget("1")], burn=["0"]))
    caller.begin()
    assert caller.look(store, UNICODE) == []
    assert written == ["\x1b[22;0t", "\x1b]0;0% faregate\x07"]
    written.clear()
    store.approvals = [waits("a1", title="\x1b]52;c;RVZJTA==\x07")]
    assert len(caller.look(store, UNICODE)) == 1
    assert written == [
        "\x1b]0;‖1 0% faregate\x07",
        "\x07",
        "\x1b]9;faregate: a request waits for your yes or no, about $1.92\x07",
    ]
    written.clear()
    caller.look(store, UNICODE)
    assert written == []
    assert caller.farewell == "\x1b[23;0t"


def test_what_is_turned_off_stays_quiet() -> None:
    written: list[str] = []
    off = Signals(bell=False, notices=False, titles=False)
    caller = Caller(written.append, off)
    store = store_of(scenes.snapshot(budgets=[scenes.budget("1")]))
    caller.begin()
    caller.look(store, UNICODE)
    store.approvals = [waits("a1")]
    assert len(caller.look(store, UNICODE)) == 1
    assert written == []
    assert caller.farewell == ""
