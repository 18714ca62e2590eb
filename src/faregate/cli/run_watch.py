"""Ends a run's command when its session may not go on, so that it ends cleanly.

A thread beside the command: it asks the proxy once a second and looks at its own
watch, so that the time of a run is kept even while no proxy answers.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from faregate.control.errors import ControlError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from faregate.control.governing import Standing

EVERY_S = 1.0
GRACE_S = 5.0
"""For a command to end by itself once it was asked to."""


class RunWatch:
    """Watches one session; `why` says afterwards why it was ended, if it was."""

    def __init__(
        self,
        standing: Callable[[], Standing],
        *,
        max_time_s: float | None,
        every_s: float = EVERY_S,
        grace_s: float = GRACE_S,
    ) -> None:
        """Ask `standing`, which may raise ControlError, every so often."""
        self._standing = standing
        self._most = max_time_s
        self._every = every_s
        self._grace = grace_s
        self._over = threading.Event()
        self.why: str | None = None

    @contextlib.contextmanager
    def watching(self, child: subprocess.Popen[bytes]) -> Iterator[None]:
        """Watch while the command runs."""
        thread = threading.Thread(
            target=self._watch, args=(child,), name="run watch", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _watch(self, child: subprocess.Popen[bytes]) -> None:
        began = time.monotonic()
        while not self._over.wait(self._next_look(began)):
            self.why = self._reason(began)
            if self.why is not None:
                self._end(child)
                return

    def _next_look(self, began: float) -> float:
        if self._most is None:
            return self._every
        left = began + self._most - time.monotonic()
        return max(0.0, min(self._every, left))

    def _reason(self, began: float) -> str | None:
        if self._most is not None and time.monotonic() - began >= self._most:
            return f"its time is over ({self._most:g} s)"
        try:
            standing = self._standing()
        except ControlError:
            # A proxy that restarts is no reason to end somebody's work.
            return None
        if standing.state in {"stopped", "out_of_time"}:
            return standing.why or standing.state
        if standing.state == "running":
            # A person may have given it more time, or less.
            self._most = standing.max_time_s
        return None

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        """Ask the command and all it started to end; insist after a while."""
        started = [child.pid, *descendants(child.pid)]
        _signal(started, signal.SIGTERM)
        # One that a terminal has stopped would not see it.
        _signal(started, signal.SIGCONT)
        if not self._over.wait(self._grace):
            _signal({*started, *descendants(child.pid)}, signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    """Return what a process has started, as far as the system tells."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
            parent = int(stat.rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(folder.name))
    found: list[int] = []
    above = [pid]
    while above:
        below = children.get(above.pop(), [])
        found += below
        above += below
    return found


def _signal(pids: list[int] | set[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
