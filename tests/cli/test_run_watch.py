"""A command whose session may not go on is ended: asked first, then made to."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from faregate.cli.run_watch import RunWatch, descendants
from faregate.control.errors import ControlError
from faregate.control.governing import Standing

RUNNING = Standing(state="running")
SLEEPS = "import time, sys; open(sys.argv[1], 'w').close(); time.sleep(600)"
STUBBORN = (
    "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: None);"
    "open(sys.argv[1], 'w').close()\nwhile True: time.sleep(1)"
)


def run(watch: RunWatch, program: str, flag: Path) -> int:
    command = [sys.executable, "-c", program, str(flag)]
    with subprocess.Popen(command) as child, watch.watching(child):
        return child.wait(60)


def ready(flag: Path) -> Standing:
    return (
        Standing(state="stopped", why="a person said so") if flag.exists() else RUNNING
    )


def test_what_is_stopped_is_asked_to_end(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    watch = RunWatch(lambda: ready(flag), max_time_s=None, every_s=0.02)
    assert run(watch, SLEEPS, flag) == -15
    assert watch.why == "a person said so"


def test_what_does_not_end_is_made_to(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    watch = RunWatch(lambda: ready(flag), max_time_s=None, every_s=0.02, grace_s=0.05)
    assert run(watch, STUBBORN, flag) == -9


def test_its_time_ends_without_a_proxy(tmp_path: Path) -> None:
    def gone() -> Standing:
        raise ControlError("unreachable", "nobody answers")

    watch = RunWatch(gone, max_time_s=0.3, every_s=0.02)
    assert run(watch, SLEEPS, tmp_path / "flag") == -15
    assert watch.why is not None
    assert "time is over" in watch.why


@pytest.mark.parametrize("state", ["running", "paused", "ended"])
def test_what_may_go_on_is_left_alone(tmp_path: Path, state: str) -> None:
    looks = threading.Semaphore(0)

    def standing() -> Standing:
        looks.release()
        return Standing(state=state)  # type: ignore[arg-type]

    watch = RunWatch(standing, max_time_s=None, every_s=0.01)
    waits = "import sys; sys.stdin.read()"
    command = [sys.executable, "-c", waits]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        with watch.watching(child):
            for _ in range(3):
                assert looks.acquire(timeout=30)
            child.communicate(b"", timeout=30)
        assert child.returncode == 0
    assert watch.why is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_a_command_started_ends_with_it(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    started: list[int] = []

    def standing() -> Standing:
        if not flag.exists():
            return RUNNING
        started.extend(descendants(shells[0].pid))
        return ready(flag)

    shells: list[subprocess.Popen[bytes]] = []
    inner = f'"{sys.executable}" -c "{SLEEPS}" "{flag}"'
    shell = subprocess.Popen(["/bin/sh", "-c", f"{inner}; true"])
    shells.append(shell)
    watch = RunWatch(standing, max_time_s=None, every_s=0.02)
    with watch.watching(shell):
        shell.wait(60)
    assert len(started) >= 1
    assert _is_gone(started[0])


def _is_gone(pid: int) -> bool:
    """Wait until a process has ended, whoever has to take note of it."""
    for _ in range(3000):
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return True
        if stat.rpartition(")")[2].split()[0] in {"Z", "X"}:
            return True
        time.sleep(0.01)
    return False


def test_the_time_that_a_person_sets_meanwhile_counts(tmp_path: Path) -> None:
    flag = tmp_path / "flag"

    def standing() -> Standing:
        most = 0.0 if flag.exists() else 1e9
        return Standing(state="running", max_time_s=most)

    watch = RunWatch(standing, max_time_s=None, every_s=0.02)
    assert run(watch, SLEEPS, flag) == -15
    assert watch.why is not None
    assert "time is over" in watch.why
