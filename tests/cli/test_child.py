"""The command's exit code comes back, and signals reach it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from faregate.cli.child import NOT_EXECUTABLE, NOT_FOUND, CannotStart, run_child

PARENT = (
    "import os, sys; from faregate.cli.child import run_child; "
    "sys.exit(run_child(sys.argv[1:], os.environ))"
)
# Says when it is ready, then ends with a code that names the signal it got.
TRAPS = """
import signal, sys, time
def end(number, frame):
    print("got", signal.Signals(number).name, flush=True)
    sys.exit(40 + number)
for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGQUIT"):
    signal.signal(getattr(signal, name), end)
print("ready", flush=True)
time.sleep(30)
"""


@pytest.mark.parametrize("code", [0, 1, 3, 77, 255])
def test_the_exit_code_comes_back(code: int) -> None:
    assert run_child(["sh", "-c", f"exit {code}"], os.environ) == code


def test_death_by_signal_is_what_a_shell_says() -> None:
    assert run_child(["sh", "-c", "kill -9 $$"], os.environ) == 137


def test_the_environment_is_the_given_one_alone() -> None:
    command = ["/bin/sh", "-c", 'test "$A" = 1 && test -z "$HOME"']
    assert run_child(command, {"A": "1"}) == 0


def test_what_cannot_be_started(tmp_path: Path) -> None:
    with pytest.raises(CannotStart) as caught:
        run_child(["no-such-agent"], os.environ)
    assert caught.value.status == NOT_FOUND
    assert caught.value.message == "no-such-agent: command not found"
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(CannotStart) as caught:
        run_child([str(file)], os.environ)
    assert caught.value.status == NOT_EXECUTABLE


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGQUIT"])
def test_a_signal_reaches_the_command_once(name: str) -> None:
    number = getattr(signal, name)
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, sys.executable, "-c", TRAPS],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert parent.stdout is not None
    with parent.stdout:
        assert parent.stdout.readline() == "ready\n"
        parent.send_signal(number)
        assert parent.stdout.read() == f"got {name}\n"
    assert parent.wait(10) == 40 + number


def test_handlers_are_put_back() -> None:
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    run_child(["true"], os.environ)
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before
