from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from faregate.control.errors import ControlError, ProxyNotRunning
from faregate.tui.feed import RETRY_S, follow
from faregate.tui.store import Kind, LinkState, Store
from tests.control import scenes

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    import pytest

    from faregate.control.models import FeedMessage

Try = ControlError | list["FeedMessage"]


async def play(
    monkeypatch: pytest.MonkeyPatch, tries: Sequence[Try]
) -> tuple[Store, list[set[Kind]], list[float], list[LinkState]]:
    """Run `follow` over these tries; return what it did until they are used up."""
    store, clock = Store(), scenes.FrozenClock()
    changes: list[set[Kind]] = []
    slept: list[float] = []
    states: list[LinkState] = []
    left = iter(tries)

    async def connect() -> AsyncGenerator[FeedMessage, None]:
        given = next(left, None)
        if given is None:
            raise asyncio.CancelledError
        if isinstance(given, ControlError):
            raise given
        for message in given:
            yield message

    async def sleep(delay: float) -> None:
        slept.append(delay)
        clock.seconds += delay

    def changed(kinds: set[Kind]) -> None:
        changes.append(kinds)
        states.append(store.link.state)

    monkeypatch.setattr("faregate.tui.feed.asyncio.sleep", sleep)
    with suppress(asyncio.CancelledError):
        await follow(connect, store, clock, changed)
    return store, changes, slept, states


async def test_the_first_message_makes_the_link_live(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    snapshot = scenes.busy()
    messages: list[FeedMessage] = [snapshot, scenes.delta(2, snapshot, flights=[])]
    store, changes, slept, states = await play(monkeypatch, [messages])
    assert Kind.LINK in changes[0]
    assert changes[1] == {Kind.FLIGHTS}
    assert states == [LinkState.LIVE, LinkState.LIVE, LinkState.LOST]
    assert slept == [RETRY_S[0]]
    assert store.told


async def test_it_comes_back_more_slowly_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries: list[Try] = [ProxyNotRunning() for _ in range(8)]
    store, _, slept, states = await play(monkeypatch, tries)
    assert slept == [*RETRY_S, *[RETRY_S[-1]] * (8 - len(RETRY_S))]
    assert set(states) == {LinkState.ABSENT}
    assert store.link.since == 1000.0


async def test_a_message_makes_the_next_break_short_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries: list[Try] = [
        ProxyNotRunning(),
        ProxyNotRunning(),
        [scenes.busy()],
        ProxyNotRunning(),
    ]
    _, _, slept, states = await play(monkeypatch, tries)
    assert slept == [RETRY_S[0], RETRY_S[1], RETRY_S[0], RETRY_S[1]]
    assert states[-2:] == [LinkState.LOST, LinkState.ABSENT]


async def test_since_tells_when_it_broke_not_when_it_was_last_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries: list[Try] = [[scenes.busy()], ProxyNotRunning(), ProxyNotRunning()]
    store, _, slept, _ = await play(monkeypatch, tries)
    assert store.link.since == 1000.0
    assert store.link.retry_at == 1000.0 + sum(slept)


async def test_what_cannot_work_is_refused_with_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong: list[Try] = [ControlError("version_mismatch", "run faregate down")]
    store, *_ = await play(monkeypatch, wrong)
    assert store.link.state is LinkState.REFUSED
    assert store.link.why == "run faregate down"
    cut: list[Try] = [ControlError("cut_feed", "stopped inside a line")]
    store, *_ = await play(monkeypatch, cut)
    assert store.link.state is LinkState.LOST
