"""Runs the application on this terminal, until the person leaves it."""

from __future__ import annotations

import contextlib
import os
import sys
from functools import partial
from typing import TYPE_CHECKING

from faregate.collector import spare_the_collector
from faregate.config.build import build
from faregate.control.calling import spelled
from faregate.tui.app import FaregateApp
from faregate.tui.calling import Signals
from faregate.tui.hang_up import told_of_hang_up
from faregate.tui.options import Options
from faregate.tui.smoke_desk import SmokeDesk
from faregate.tui.starting import COMMAND
from faregate.tui.themes import ThemeError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from faregate.tui.replay import Replay, ReplayClock

STILL_RUNNING = "proxy still running: faregate down stops it"


def run(
    socket_path: Path,
    *,
    theme: str | None = None,
    ascii_only: bool = False,
    themes_dir: Path,
    user_themes_dir: Path | None = None,
    keys: Mapping[str, str] | None = None,
    signals: Signals | None = None,
    motion: bool = True,
    farewell: str = STILL_RUNNING,
    demo: bool = False,
    replay: tuple[Replay, ReplayClock, str] | None = None,
) -> int:
    """Attach to the proxy behind `socket_path` until the person quits.

    A `demo` runs no smoke test: that would find the person's own home and keys. A
    `replay` with its clock and speed is shown in the proxy's place.
    Returns an exit code; says `farewell` on stdout when the proxy was live to the end.
    """
    options = Options(
        socket_path=socket_path,
        themes_dir=themes_dir,
        user_themes_dir=user_themes_dir,
        theme=theme,
        ascii_only=ascii_only,
        no_color=bool(os.environ.get("NO_COLOR")),
        keys=keys or {},
        signals=signals or Signals(),
        motion=motion,
        desk=SmokeDesk(socket_path, command=()) if demo else None,
        start=() if demo or replay is not None else COMMAND,
        ends_proxy=demo,
        read_only=replay is not None,
        build="" if demo or replay is not None else build(),
        replay="" if replay is None else replay[2],
    )
    clock = None if replay is None else replay[1]
    connect = None if replay is None else partial(replay[0].feed, replay[1])
    try:
        app = FaregateApp(options, clock=clock, connect=connect)
    except ThemeError as error:
        sys.stderr.write(f"faregate: {error}\n")
        return 1
    spare_the_collector()
    with _hang_up_noticed():
        app.run()
    app.say_farewell()
    if app.return_code == 0 and app.view.store.live and replay is None:
        sys.stdout.write(f"{spelled(farewell)}\n")
    return app.return_code or 0


def _hang_up_noticed() -> contextlib.AbstractContextManager[None]:
    if not sys.stdin.isatty():
        return contextlib.nullcontext()
    return told_of_hang_up(sys.stdin.fileno())
