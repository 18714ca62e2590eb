"""Running one command to its end: signals go to it, its exit code comes back."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

from faregate.cli.exit_codes import ExitCode
from faregate.cli.output import CliError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from types import FrameType

NOT_FOUND = 127
NOT_EXECUTABLE = 126
_FORWARDED = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGQUIT")
_FROM_TERMINAL = ("SIGINT", "SIGQUIT")


class CannotStart(CliError):  # noqa: N818 - says what the command line got wrong
    """The command could not be started; `status` is what a shell would return."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message, exit_code=ExitCode.FAILED, code="cannot_start")
        self.status = status


def not_there(name: str) -> CannotStart | None:
    """Return why a command cannot be started, before anything is set up for it."""
    if os.sep in name or shutil.which(name) is not None:
        return None
    return CannotStart(
        f"{name}: command not found. An alias or a function of your shell is not seen "
        "here: give the program itself",
        NOT_FOUND,
    )


def run_child(
    command: Sequence[str],
    environ: Mapping[str, str],
    beside: Callable[
        [subprocess.Popen[bytes]], AbstractContextManager[None]
    ] = lambda _child: contextlib.nullcontext(),
) -> int:
    """Run a command in the foreground; return its exit code, 128 + n for signal n.

    `beside` is entered while it runs.
    """
    with _forwarding() as forwarding:
        child = _started(command, environ)
        forwarding.to(child)
        with beside(child):
            code = child.wait()
    return code if code >= 0 else 128 - code


def _started(
    command: Sequence[str], environ: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(list(command), env=dict(environ))  # noqa: S603 - asked for
    except FileNotFoundError:
        raise CannotStart(f"{command[0]}: command not found", NOT_FOUND) from None
    except OSError as error:
        raise CannotStart(f"{command[0]}: {error.strerror}", NOT_EXECUTABLE) from error


class _Forwarding:
    """Hands signals on to a child; what comes before it is there waits for it."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []

    def to(self, child: subprocess.Popen[bytes]) -> None:
        """Hand on to this child from now on."""
        self._child = child
        for number in self._early:
            self._send(number)

    def forward(self, number: int, _frame: FrameType | None) -> None:
        """Take one signal."""
        # A terminal sends its own to the child as well: once is enough.
        if signal.Signals(number).name in _FROM_TERMINAL and in_foreground():
            return
        if self._child is None:
            self._early.append(number)
        else:
            self._send(number)

    def _send(self, number: int) -> None:
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                self._child.send_signal(number)


@contextlib.contextmanager
def _forwarding() -> Iterator[_Forwarding]:
    """Take signals before a child is started: it can be ready before we know it."""
    forwarding = _Forwarding()
    before = {}
    for name in _FORWARDED:
        number = getattr(signal, name, None)
        # What is ignored here, as under nohup, the child is to ignore as well.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, forwarding.forward)
    try:
        yield forwarding
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def in_foreground() -> bool:
    """Return whether a terminal sends its signals to this process group."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
