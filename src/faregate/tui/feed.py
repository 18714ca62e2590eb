"""Keeps the store fed: connects, listens, comes back after a break.

The only part of the TUI that talks to the proxy by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

from faregate.control.errors import ControlError, ProxyNotRunning
from faregate.control.models import FeedMessage
from faregate.tui.store import Kind, Link, LinkState, Store

if TYPE_CHECKING:
    from faregate.tui.clock import Clock

Connect = Callable[[], AsyncGenerator[FeedMessage, None]]

RETRY_S = (0.5, 1.0, 2.0)
"""Seconds before each try to come back; the last one repeats."""

_WRONG = {"version_mismatch", "bad_answer", "unreachable"}


async def follow(
    connect: Connect, store: Store, clock: Clock, changed: Callable[[set[Kind]], None]
) -> None:
    """Feed the store for ever; `changed` is told what each message changed."""
    tries = 0
    while True:
        try:
            async with aclosing(connect()) as messages:
                async for message in messages:
                    kinds = store.apply(message, clock.monotonic())
                    kinds |= _set_live(store, clock)
                    tries = 0
                    changed(kinds)
            state, why = LinkState.LOST, None
        except ProxyNotRunning:
            state, why = LinkState.ABSENT, None
        except ControlError as error:
            wrong = error.code in _WRONG
            state = LinkState.REFUSED if wrong else LinkState.LOST
            why = error.message
        delay = RETRY_S[min(tries, len(RETRY_S) - 1)]
        tries += 1
        changed(_set_broken(store, clock, state, why, delay))
        await asyncio.sleep(delay)


def _set_live(store: Store, clock: Clock) -> set[Kind]:
    if store.link.state is LinkState.LIVE:
        return set()
    return store.set_link(Link(state=LinkState.LIVE, since=clock.monotonic()))


def _set_broken(
    store: Store, clock: Clock, state: LinkState, why: str | None, delay: float
) -> set[Kind]:
    now, before = clock.monotonic(), store.link
    broken_before = before.state not in {LinkState.LIVE, LinkState.CONNECTING}
    since = before.since if broken_before else now
    return store.set_link(Link(state=state, since=since, retry_at=now + delay, why=why))
