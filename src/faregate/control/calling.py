"""How this program is called in this terminal, for lines that a person copies.

Whoever starts it by a path has no `faregate` on the PATH; a line that says so would not
work. Looks at how the process was started.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from functools import cache
from pathlib import Path

PLAIN = "faregate"
VARIABLE = "FAREGATE_CALLED"
"""By which a proxy in the background, or a screen in a browser, knows it too."""
_COMMAND = re.compile(r"(?<![\w./-])faregate(?= (?:[a-z]|--))")


def spelled(text: str) -> str:
    """Return a text of ours with its commands as they work here."""
    called = command()
    return text if called == PLAIN else _COMMAND.sub(lambda _found: called, text)


@cache
def command() -> str:
    """Return what starts this program in this person's shell."""
    if told := os.environ.get(VARIABLE):
        return told
    # Loaded here: a status bar has no use for it.
    import shutil

    return called_as(Path(sys.argv[0]), shutil.which(PLAIN), Path.home())


def tell_children() -> None:
    """Let what this process starts know it: it is started by another name."""
    if (called := command()) != PLAIN:
        os.environ[VARIABLE] = called


def called_as(started: Path, on_path: str | None, home: Path) -> str:
    """Return how what was `started` is called; `on_path` is what the plain name finds.

    A checkout's own script comes before the program in its .venv, which it prepares.
    """
    if started.name != PLAIN:
        return PLAIN
    program = started.absolute()
    script = (
        program.parents[2] / "scripts" / PLAIN if len(program.parents) > 2 else None
    )
    own = program if script is None or not os.access(script, os.X_OK) else script
    if on_path is not None and Path(on_path).resolve() in {
        program.resolve(),
        own.resolve(),
    }:
        return PLAIN
    return _quoted(own, home)


def _quoted(path: Path, home: Path) -> str:
    """Return a path as a shell takes it, short where it is in the person's home."""
    if path.is_relative_to(home) and home != Path("/"):
        inside = str(path.relative_to(home))
        if shlex.quote(inside) == inside:
            return f"~/{inside}"
    return shlex.quote(str(path))
