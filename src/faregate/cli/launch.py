"""Starting a proxy in the background and waiting until it answers.

Owns the child process until it is ready; after that the proxy lives on its own.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from faregate.cli.exit_codes import ExitCode
from faregate.cli.output import CliError
from faregate.config.files import make_private_dir
from faregate.config.load import load
from faregate.config.paths import HOME_VARIABLE
from faregate.control.client import ControlClient
from faregate.control.errors import ControlError, ProxyNotRunning

if TYPE_CHECKING:
    from pathlib import Path

    from faregate.config.paths import Paths
    from faregate.control.models import Snapshot

READY_SECONDS = 30.0
_POLL_SECONDS = 0.03
_LOG_BYTES = 5_000_000
_TAIL_LINES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A proxy that answers; `started` tells that this call started it."""

    snapshot: Snapshot
    started: bool


def ensure_running(paths: Paths) -> Running:
    """Return the running proxy, starting one when there is none.

    Raises ConfigError for a configuration that cannot be used, ControlError when
    what runs is another version, and CliError when it does not come up.
    """
    client = ControlClient(paths.socket)
    if (running := _answering(client)) is not None:
        return Running(snapshot=running, started=False)
    # Told here and now rather than through the log of a child.
    load(paths)
    make_private_dir(paths.state_dir)
    with _open_log(paths.log) as log:
        start = log.tell()
        child = _spawn(paths, log)
    try:
        return _when_ready(client, paths, child, start)
    except KeyboardInterrupt:
        # Else a start that was called off would come up later, seen by nobody.
        child.terminate()
        child.wait()
        raise


def _when_ready(
    client: ControlClient, paths: Paths, child: subprocess.Popen[bytes], start: int
) -> Running:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if (running := _answering(client)) is not None:
            proxy = running.status.proxy
            ours = proxy is not None and proxy.pid == child.pid
            _let_go(child)
            return Running(snapshot=running, started=ours)
        if (code := child.poll()) is not None:
            return _ended(client, paths, code, start)
        time.sleep(_POLL_SECONDS)
    child.terminate()
    raise CliError(
        f"the proxy did not come up within {READY_SECONDS:g} s. Its log: {paths.log}",
        exit_code=ExitCode.FAILED,
        code="not_ready",
    )


def _let_go(child: subprocess.Popen[bytes]) -> None:
    """Leave the child to itself; Popen would complain that nobody waits for it."""
    if child.poll() is None:
        child.returncode = 0


def _answering(client: ControlClient) -> Snapshot | None:
    try:
        client.version()
        return client.snapshot()
    except ProxyNotRunning:
        return None


def _ended(client: ControlClient, paths: Paths, code: int, start: int) -> Running:
    """Tell why the child ended, unless another start won the race."""
    for _ in range(20):
        with contextlib.suppress(ControlError):
            if (running := _answering(client)) is not None:
                return Running(snapshot=running, started=False)
        time.sleep(_POLL_SECONDS)
    known = code in (ExitCode.FAILED, ExitCode.USAGE, ExitCode.REFUSED)
    raise CliError(
        f"the proxy did not start:\n{_tail(paths.log, start)}\nIts log: {paths.log}",
        exit_code=ExitCode(code) if known else ExitCode.FAILED,
        code="not_started",
    )


def _spawn(paths: Paths, log: IO[bytes]) -> subprocess.Popen[bytes]:
    environment = dict(os.environ)
    if environment.get(HOME_VARIABLE):
        # The child works elsewhere, so a relative folder would mean another one.
        environment[HOME_VARIABLE] = str(paths.config_dir)
    # -P and a folder of our own: code in the folder of a repository must never be
    # imported by the proxy.
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "faregate", "serve", "--quiet"],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        cwd=paths.state_dir,
        env=environment,
        close_fds=True,
    )


def _open_log(path: Path) -> IO[bytes]:
    with contextlib.suppress(FileNotFoundError):
        if path.lstat().st_size > _LOG_BYTES:
            path.replace(path.with_name(path.name + ".1"))
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    handle = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)
    file = os.fdopen(handle, "ab")
    file.seek(0, os.SEEK_END)
    return file


def _tail(path: Path, start: int) -> str:
    with path.open("rb") as log:
        log.seek(start)
        text = log.read(64_000).decode("utf-8", "replace")
    lines = [line.removeprefix("faregate: ") for line in text.splitlines() if line]
    return (
        "\n".join(f"  {line}" for line in lines[-_TAIL_LINES:]) or "  (it said nothing)"
    )
