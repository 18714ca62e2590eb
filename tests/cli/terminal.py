"""A command in a real terminal of its own, answered when it asks."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import termios
import time
from dataclasses import dataclass

# Makes the terminal on stdin the controlling one, then becomes the command.
_TAKE_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command in a terminal ended, and everything the screen showed."""

    code: int
    screen: str


def in_terminal(
    *arguments: str,
    answer: str | None = None,
    when: str = "to confirm: ",
    environ: dict[str, str] | None = None,
    program: str | None = None,
) -> Ended:
    """Run `faregate ARGUMENTS` with a controlling terminal of 100x30.

    Types `answer` and return once the screen has shown `when`. A `program` runs in
    its place, with the same arguments.
    """
    run = ["-m", "faregate"] if program is None else ["-c", program]
    command = [sys.executable, "-P", *run, *arguments]
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (30, 100))
    try:
        child = subprocess.Popen(
            [sys.executable, "-c", _TAKE_TERMINAL, *command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**os.environ, **(environ or {})},
        )
        os.close(slave)
        screen = _watch(master, answer, when)
        return Ended(child.wait(10), screen)
    finally:
        os.close(master)


def _watch(terminal: int, answer: str | None, when: str) -> str:
    shown = b""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            chunk = os.read(terminal, 4096)
        except OSError:
            # Linux says so when the last process has closed the terminal.
            break
        if not chunk:
            break
        shown += chunk
        if answer is not None and when.encode() in shown:
            os.write(terminal, f"{answer}\n".encode())
            answer = None
    return shown.decode("utf-8", "replace")
