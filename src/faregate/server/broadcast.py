"""The live feed's other half: what changed, made once and told to every watcher.

Works only while somebody watches. A watcher that does not read holds up nobody: it
is told everything anew once it reads again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING

from faregate.control.feed import encode_feed
from faregate.core.holds import LedgerError
from faregate.gateway.tasks import spawn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.server.live import Live

INTERVAL = 0.25
"""Seconds between two lines at least."""
MOST_WAITING = 8
"""Lines that may wait for a watcher before it counts as fallen behind."""


class Watcher:
    """One reader of the feed."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._lines: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._behind = True
        self._ended = False

    async def next_line(self) -> bytes | None:
        """Return the next line, the first at once; None when the feed has ended.

        Raises LedgerError when everything must be told and cannot be read.
        """
        while not self._ended:
            if self._behind:
                await self._live.fresh()
                self._behind = False
                return encode_feed(self._live.snapshot())
            if self._lines:
                return self._lines.popleft()
            self._news.clear()
            await self._news.wait()
        return None

    def tell(self, line: bytes) -> None:
        """Put a line behind those that wait, or give up on all of them."""
        if self._behind:
            return
        self._lines.append(line)
        if len(self._lines) > MOST_WAITING:
            self._lines.clear()
            self._behind = True
        self._news.set()

    def end(self) -> None:
        """Let the reader go."""
        self._ended = True
        self._news.set()


class Broadcast:
    """Makes the feed's lines and hands them to whoever watches."""

    def __init__(self, live: Live) -> None:
        """Tell of `live`, to nobody yet."""
        self._live = live
        self._watchers: set[Watcher] = set()
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._watchers)

    @contextlib.contextmanager
    def watcher(self) -> Iterator[Watcher]:
        """Watch for as long as the context lasts."""
        watcher = Watcher(self._live)
        self._watchers.add(watcher)
        self._live.watchers = len(self._watchers)
        if self._task is None:
            self._task = spawn(self._run(), "feed")
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)
            self._live.watchers = len(self._watchers)
            if not self._watchers and self._task is not None:
                self._task.cancel()
                self._task = None

    def close(self) -> None:
        """End the feed of everyone who watches."""
        for watcher in self._watchers:
            watcher.end()

    async def _run(self) -> None:
        cursor = self._live.cursor()
        try:
            while True:
                await asyncio.sleep(INTERVAL)
                # A ledger that cannot be read just now has news again later.
                with contextlib.suppress(LedgerError):
                    delta = self._live.delta(cursor)
                    if delta is not None:
                        self._tell(encode_feed(delta))
        finally:
            self.close()

    def _tell(self, line: bytes) -> None:
        for watcher in self._watchers:
            watcher.tell(line)
