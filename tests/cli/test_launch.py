"""Starting a proxy: waiting for it, telling why it failed, losing a race."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from faregate.cli import launch
from faregate.cli.launch import ensure_running
from faregate.cli.output import CliError
from faregate.config.paths import Paths, find_paths
from faregate.control.errors import ControlError
from faregate.control.models import VersionInfo
from tests.cli.asked_proxy import AskedProxy
from tests.control import scenes
from tests.control.fake_proxy import FakeProxy

Spawn = Callable[[str], list["subprocess.Popen[bytes]"]]


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Iterator[Spawn]:
    """Start a script in place of a proxy; return what was started."""
    started: list[subprocess.Popen[bytes]] = []

    def use(script: str) -> list[subprocess.Popen[bytes]]:
        def spawn(paths: Paths, log: IO[bytes]) -> subprocess.Popen[bytes]:
            started.append(subprocess.Popen([sys.executable, "-c", script], stderr=log))
            return started[-1]

        monkeypatch.setattr(launch, "_spawn", spawn)
        return started

    yield use
    for each in started:
        each.wait(10)


def test_a_proxy_that_runs_is_used(
    proxy: AskedProxy, paths: Paths, child: Spawn
) -> None:
    started = child("raise SystemExit(1)")
    running = ensure_running(paths)
    assert not running.started
    assert running.snapshot.status.proxy is not None
    assert started == []


def test_why_it_did_not_start_is_told_with_its_exit_code(
    paths: Paths, child: Spawn
) -> None:
    paths.log.write_text("faregate: an older start failed too\n")
    child(
        "import sys; sys.stderr.write('faregate: port 4747 is taken\\n'); sys.exit(2)"
    )
    with pytest.raises(CliError) as caught:
        ensure_running(paths)
    assert caught.value.exit_code == 2
    assert "  port 4747 is taken\n" in caught.value.message
    assert "older start" not in caught.value.message
    assert str(paths.log) in caught.value.message


def test_silence_and_odd_exit_codes(paths: Paths, child: Spawn) -> None:
    child("import os; os.abort()")
    with pytest.raises(CliError, match="it said nothing") as caught:
        ensure_running(paths)
    assert caught.value.exit_code == 1


def test_a_proxy_that_never_answers_is_ended(
    paths: Paths, child: Spawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "READY_SECONDS", 0.3)
    started = child("import time; time.sleep(60)")
    with pytest.raises(CliError, match="did not come up"):
        ensure_running(paths)
    assert started[0].wait(10) < 0


def test_a_start_that_is_called_off_leaves_no_proxy(
    paths: Paths, child: Spawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = child("import time; time.sleep(60)")

    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("faregate.cli.launch.time.sleep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ensure_running(paths)
    assert started[0].returncode == -signal.SIGTERM


def test_losing_the_race_to_another_start_is_fine(paths: Paths, child: Spawn) -> None:
    paths.socket.parent.mkdir(exist_ok=True)
    other = FakeProxy(socket=paths.socket, snapshot=scenes.snapshot())
    child("import time; time.sleep(0.3); raise SystemExit(1)")
    timer = threading.Timer(0.2, other.start)
    timer.start()
    try:
        assert not ensure_running(paths).started
    finally:
        timer.join()
        other.close()


def test_another_version_is_told(proxy: AskedProxy, paths: Paths) -> None:
    proxy.version = VersionInfo(version="9.0", control=99)
    with pytest.raises(ControlError, match="faregate down"):
        ensure_running(paths)


def test_the_log_is_private_and_does_not_grow_for_ever(
    paths: Paths, child: Spawn
) -> None:
    with paths.log.open("wb") as log:
        log.truncate(6_000_000)
    child("raise SystemExit(1)")
    with pytest.raises(CliError):
        ensure_running(paths)
    assert paths.log.stat().st_size == 0
    assert stat.S_IMODE(paths.log.stat().st_mode) == 0o600
    assert paths.log.with_name("faregate.log.1").stat().st_size == 6_000_000


def test_a_planted_link_is_not_written_through(
    paths: Paths, child: Spawn, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    paths.log.symlink_to(victim)
    child("raise SystemExit(1)")
    with pytest.raises(OSError, match="symbolic link"):
        ensure_running(paths)
    assert victim.read_text() == "mine"


def test_the_child_is_started_apart_from_here(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has a session of its own and never imports from the folder of a caller."""
    seen: dict[str, object] = {}

    class CaughtError(Exception):
        pass

    def popen(command: list[str], **options: object) -> None:
        seen.update(options, command=command)
        raise CaughtError

    monkeypatch.setattr(subprocess, "Popen", popen)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FAREGATE_HOME", "home")
    with pytest.raises(CaughtError):
        ensure_running(find_paths())
    assert seen["command"] == [
        sys.executable, "-P", "-m", "faregate", "serve", "--quiet"
    ]  # fmt: skip
    assert seen["start_new_session"] is True
    assert seen["cwd"] == paths.state_dir
    environment = seen["env"]
    assert isinstance(environment, dict)
    assert Path(environment["FAREGATE_HOME"]).is_absolute()
