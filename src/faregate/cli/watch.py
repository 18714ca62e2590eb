"""`faregate` without a command: watch the proxy live."""

from __future__ import annotations

import os
import sys

from faregate.cli import output
from faregate.cli.exit_codes import ExitCode
from faregate.cli.launch import ensure_running
from faregate.config.load import load
from faregate.config.paths import find_paths, themes_dir


def watch() -> int:
    """Attach the screen to the proxy, starting it when none runs."""
    if not _is_screen():
        raise output.CliError(
            "the live view needs a terminal that it can draw on; see faregate status "
            "or faregate --help",
            exit_code=ExitCode.USAGE,
            code="no_terminal",
        )
    paths = find_paths()
    settings = load(paths)
    running = ensure_running(paths)
    for warning in running.snapshot.setup.warnings if running.started else ():
        output.warn(warning)
    # Loaded here: the screen is the one command that needs textual.
    from faregate.tui.attach import run
    from faregate.tui.calling import Signals

    theme = settings.theme
    return run(
        paths.socket,
        theme=theme.name,
        ascii_only=theme.ascii,
        themes_dir=themes_dir(),
        user_themes_dir=paths.user_themes if paths.user_themes.is_dir() else None,
        keys=settings.keys,
        signals=Signals(bell=theme.bell, notices=theme.notices, titles=theme.titles),
        motion=theme.motion,
    )


def _is_screen() -> bool:
    """Return whether this is a terminal on which a screen can be drawn."""
    # Editors and build tools give a terminal that takes lines and nothing more.
    drawable = os.environ.get("TERM", "") not in ("", "dumb")
    return drawable and sys.stdin.isatty() and sys.stdout.isatty()
