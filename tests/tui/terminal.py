"""Runs the TUI in a real pseudo-terminal and keeps every byte it writes."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING

from tests.tui.drawing import THEMES_DIR

if TYPE_CHECKING:
    from pathlib import Path

_PROGRAM = """
import sys
from pathlib import Path
from faregate.tui.attach import run
sys.exit(run(Path(sys.argv[1]), themes_dir=Path(sys.argv[2])))
"""


class Terminal:
    """A TUI in a terminal of 120 by 36; `output` is all that it wrote so far."""

    def __init__(
        self, socket: Path, cwd: Path | None = None, **environment: str
    ) -> None:
        self.output = b""
        self._read_so_far = 0
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("TEXTUAL")
            and name not in {"NO_COLOR", "COLUMNS", "LINES"}
        }
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(socket), str(THEMES_DIR)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            env={**kept, "TERM": "xterm-256color", **environment},
            start_new_session=True,
        )
        os.close(slave)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        """End it when a test left it alive."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
            os.close(self._master)

    @property
    def pid(self) -> int:
        """Return the process that draws."""
        return self._process.pid

    def read_until(self, wanted: bytes, *, within: float = 30.0) -> None:
        """Read until the terminal was sent `wanted`; raises TimeoutError."""
        deadline = time.monotonic() + within
        while wanted not in self.output:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{wanted!r} never came: {self.output[-2000:]!r}")
            self._read(0.1)

    def read_on(self, wanted: bytes, *, within: float = 30.0) -> None:
        """Read until `wanted` comes after what was read before; "" for a quiet moment.

        Raises TimeoutError.
        """
        deadline = time.monotonic() + within
        if not wanted:
            while self._read(0.3):
                pass
        while wanted not in self.output[self._read_so_far :]:
            if time.monotonic() > deadline:
                last = re.sub(rb"\x1b\[[\d;?]*[A-Za-z]", b"", self.output[-9000:])
                raise TimeoutError(f"{wanted!r} never came: {last.decode()!r}")
            self._read(0.1)
        self._read_so_far = len(self.output)

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self._master, keys)

    def vanish(self) -> int:
        """Go, as when its window is closed; return the exit code."""
        os.close(self._master)
        return self._process.wait(timeout=30)

    def close(self) -> int:
        """Read what is left and return the exit code."""
        deadline = time.monotonic() + 30
        try:
            # A terminal that nobody reads would block the program.
            while self._process.poll() is None and time.monotonic() < deadline:
                self._read(0.1)
            code = self._process.wait(timeout=1)
            while self._read(0.1):
                pass
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            os.close(self._master)
        return code

    def _read(self, within: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], within)
        if not ready:
            return False
        try:
            octets = os.read(self._master, 65536)
        except OSError:
            return False
        self.output += octets
        return bool(octets)
