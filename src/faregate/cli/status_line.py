"""`faregate status --line`: one line for prompts and status bars, in a few ms.

Imports nothing heavy. Reads the small file that the proxy keeps current; a bare
connection to its socket tells whether it still lives.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING

from faregate.config.paths import Paths, find_paths

if TYPE_CHECKING:
    from pathlib import Path

OFF = "faregate: not running"
_TIMEOUT = 0.25
_UNREACHABLE = 3


def print_line() -> int:
    """Print the line; return 0, or 3 when no proxy runs."""
    paths = find_paths()
    running = is_listening(paths.socket)
    line = (_from_file(paths) or _from_proxy(paths)) if running else ""
    sys.stdout.write((line or OFF) + "\n")
    return 0 if line else _UNREACHABLE


def is_listening(path: Path) -> bool:
    """Return whether somebody takes connections on this socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_TIMEOUT)
        try:
            connection.connect(os.fspath(path))
        except OSError:
            return False
    return True


def _from_file(paths: Paths) -> str:
    try:
        text = paths.statusline.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    line = text.partition("\n")[0].strip()
    return line if line.isprintable() else ""


def _from_proxy(paths: Paths) -> str:
    from faregate.cli.figures import line_of
    from faregate.control.client import ControlClient
    from faregate.control.errors import ControlError
    from faregate.control.sanitise import sanitise

    try:
        return sanitise(line_of(ControlClient(paths.socket, timeout=1.0).status()))
    except ControlError:
        return ""
