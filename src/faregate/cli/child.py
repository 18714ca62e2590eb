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
    try:
        child = subprocess.Popen(list(command), env=dict(environ))  # noqa: S603 - asked for
    except FileNotFoundError:
        raise CannotStart(f"{command[0]}: command not found", NOT_FOUND) from None
    except OSError as error:
        raise CannotStart(f"{command[0]}: {error.strerror}", NOT_EXECUTABLE) from error
    with _forwarding(child), beside(child):
        code = child.wait()
    return code if code >= 0 else 128 - code


@contextlib.contextmanager
def _forwarding(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """Hand signals on to the child while it runs."""

    def forward(number: int, _frame: FrameType | None) -> None:
        # A terminal sends its own to the child as well: once is enough.
        if signal.Signals(number).name in _FROM_TERMINAL and in_foreground():
            return
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(number)

    before = {}
    for name in _FORWARDED:
        number = getattr(signal, name, None)
        if number is not None:
            before[number] = signal.signal(number, forward)
    try:
        yield
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
