"""A feed that a test writes, and a proxy that has an answer to all that screens ask."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from faregate.control.cost_log import SessionPage
from faregate.control.errors import ProxyNotRunning
from faregate.control.rests import AskedAgain
from tests.control import scenes
from tests.tui import smoked
from tests.tui.captured_scene import Kept
from tests.tui.cost_scene import Sums, fill
from tests.tui.test_hold_table import HOLDS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from faregate.control.models import FeedMessage, Snapshot

LIMITS = {
    "session": "7d1f0c2a-88aa",
    "agent": None,
    "limits": [
        {"name": "requests", "limit": "1000", "used": "41", "source": "default"},
        {
            "name": "spend_per_minute",
            "limit": "0.50",
            "used": "0.12",
            "source": "faregate run",
            "hit": 3,
        },
    ],
}


class Script:
    """What the proxy tells, in the test's own time; `tell(None)` breaks the link.

    Nobody listens at first.
    """

    def __init__(self) -> None:
        self._said: asyncio.Queue[FeedMessage | None] = asyncio.Queue()
        self.seq = 0
        self.is_absent = True

    def tell(self, scene: Snapshot | None) -> None:
        """Say the next thing."""
        if scene is not None:
            self.seq += 1
            scene = replace(scene, seq=self.seq)
        self._said.put_nowait(scene)

    async def connect(self) -> AsyncGenerator[FeedMessage, None]:
        """Give out what is said."""
        if self.is_absent:
            raise ProxyNotRunning
        while (message := await self._said.get()) is not None:
            yield message


class Knowing(Sums, Kept):
    """A fake proxy that knows sums, and has captured a request."""


def knowing_all(socket: Path, kind: type[Knowing] = Knowing) -> Knowing:
    """Return a proxy that answers whatever a screen asks for."""
    fake = kind(socket, scenes.busy())
    fill(fake)
    fake.holds = list(HOLDS)
    fake.smoke = [smoked.ALL_WELL, smoked.NO_USAGE, smoked.GONE]
    fake.answers["GET /v1/limits"] = LIMITS
    fake.answers["GET /v1/latches"] = []
    fake.answers["POST /v1/providers/again"] = AskedAgain(providers=[])
    old = [
        scenes.session(
            f"old-{number:05}-aaaa",
            workspace="w",
            task=f"t{number}",
            state="ended",
            last_at=scenes.at(number * 60),
            cost=f"{number}.25",
        )
        for number in range(40)
    ]
    page = SessionPage(sessions=old, next=None)
    fake.answers["GET /v1/sessions"] = msgspec.to_builtins(page)
    return fake
