"""Draws docs/overview.svg: the overview screen while the demo plays.

Run with the project's own Python: .venv/bin/python scripts/picture.py
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from faregate.config.paths import themes_dir
from faregate.demo import playing
from faregate.tui.app import FaregateApp
from faregate.tui.options import Options

TARGET = Path(__file__).resolve().parent.parent / "docs" / "overview.svg"
SIZE = (120, 36)
SECONDS = 40.0


async def _draw(socket: Path, seconds: float) -> str:
    app = FaregateApp(Options(socket_path=socket, themes_dir=themes_dir()))
    async with app.run_test(size=SIZE) as pilot:
        await asyncio.sleep(seconds)
        await pilot.pause()
        return app.export_screenshot(title="faregate")


def main() -> None:
    """Play, wait, draw."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    with playing(seed=7) as paths:
        picture = asyncio.run(_draw(paths.socket, seconds))
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(picture, encoding="utf-8")
    print(TARGET)


if __name__ == "__main__":
    main()
