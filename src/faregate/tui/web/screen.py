"""The process behind one browser window: the screen, drawn for textual-serve."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec

from faregate.config.build import build
from faregate.tui.app import FaregateApp
from faregate.tui.calling import Signals
from faregate.tui.options import Options


class ScreenPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How the screen is started; one JSON argument of the command line."""

    socket: str
    themes: str
    user_themes: str | None = None
    theme: str | None = None
    ascii_only: bool = False
    keys: dict[str, str] = {}
    read_only: bool = True


def options(plan: ScreenPlan) -> Options:
    """Return what the application is started with; no signals: there is no terminal."""
    return Options(
        socket_path=Path(plan.socket),
        themes_dir=Path(plan.themes),
        user_themes_dir=Path(plan.user_themes) if plan.user_themes else None,
        theme=plan.theme,
        ascii_only=plan.ascii_only,
        no_color=bool(os.environ.get("NO_COLOR")),
        keys=plan.keys,
        read_only=plan.read_only,
        build=build(),
        signals=Signals(bell=False, notices=False, titles=False),
    )


def main(arguments: list[str]) -> int:
    """Run the screen as the plan in the first argument says."""
    app = FaregateApp(options(msgspec.json.decode(arguments[0], type=ScreenPlan)))
    app.run()
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
