"""Draws the pictures of the manual while the demo plays: docs/*.svg.

The demo is seeded and plays in real time, so a run takes about a minute.
Run with the project's own Python: .venv/bin/python scripts/picture.py [NAME ...]
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from faregate.config.paths import themes_dir
from faregate.demo import playing
from faregate.tui.app import FaregateApp
from faregate.tui.calling import Signals
from faregate.tui.options import Options

if TYPE_CHECKING:
    from textual.pilot import Pilot

FOLDER = Path(__file__).resolve().parent.parent / "docs"
SIZE = (120, 36)
QUIET = Signals(bell=False, notices=False, titles=False)
KEYS = {"overview": "1", "requests": "2", "waiting": "3", "month": "5", "routes": "6"}
LATEST_S = 40.0
"""Seconds after which nothing more is waited for."""
DRAW_S = 2.0


async def _draw(socket: Path, names: list[str]) -> None:
    app = FaregateApp(
        Options(socket_path=socket, themes_dir=themes_dir(), signals=QUIET)
    )
    async with app.run_test(size=SIZE) as pilot:
        if "waiting" in names:
            await _something_waits(app, pilot)
            await _picture(app, pilot, "waiting")
        await asyncio.sleep(LATEST_S / 2)
        for name in names:
            if name != "waiting":
                await _picture(app, pilot, name)


async def _something_waits(app: FaregateApp, pilot: Pilot[None]) -> None:
    for _ in range(int(LATEST_S * 10)):
        if app.view.store.approvals:
            return
        await pilot.pause(0.1)
    print("nothing waited in time", file=sys.stderr)


async def _picture(app: FaregateApp, pilot: Pilot[None], name: str) -> None:
    await pilot.press(KEYS[name])
    await pilot.pause(DRAW_S)
    path = FOLDER / f"{name}.svg"
    path.write_text(app.export_screenshot(title="faregate"), encoding="utf-8")
    print(path)


def main() -> None:
    """Play, wait, draw."""
    names = sys.argv[1:] or list(KEYS)
    FOLDER.mkdir(exist_ok=True)
    with playing(seed=7) as paths:
        asyncio.run(_draw(paths.socket, names))


if __name__ == "__main__":
    main()
