"""The routes over a real gate: what got worse is an event, and pages are bounded."""

from __future__ import annotations

import asyncio
from pathlib import Path

from faregate.control.client import ControlClient
from faregate.control.models import EventView
from faregate.control.smoke_runs import SmokeRuns
from tests.running import running_gate
from tests.test_smoke_history import VIEW


async def test_what_got_worse_is_told_to_whoever_watches(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "home") as gate:
        client = ControlClient(gate.paths.socket)

        def tell() -> list[EventView]:
            client.keep_smoke(
                SmokeRuns(runs=[VIEW], alerts=["sim/gpt-x tool: PASS -> FAIL\x1b[31m"])
            )
            return client.snapshot().events

        events = await asyncio.to_thread(tell)
    (event,) = [event for event in events if event.kind == "smoke"]
    assert event.severity == "alert"
    assert event.text.startswith("sim/gpt-x tool: PASS -> FAIL")
    assert "\x1b" not in event.text
