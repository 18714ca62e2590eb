"""The real proxy in the foreground: ready, private, stopped by a signal."""

from __future__ import annotations

import gc
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from faregate.cli.exit_codes import ExitCode
from faregate.cli.serve import MOST_FILES
from faregate.config.paths import Paths
from tests.cli.conftest import Cli
from tests.cli.gate_home import configure

SERVE = [sys.executable, "-P", "-m", "faregate", "serve"]


@contextmanager
def serving() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        SERVE, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_it_says_where_it_listens_and_ends_on_sigterm(paths: Paths) -> None:
    port = configure(paths)
    with serving() as process:
        assert process.stderr is not None
        assert process.stdout is not None
        first = process.stderr.readline()
        assert f"listening on http://127.0.0.1:{port}" in first
        if sys.platform == "linux":
            limits = Path(f"/proc/{process.pid}/limits").read_text()
            (core,) = [line for line in limits.splitlines() if "core file" in line]
            assert core.split()[4:6] == ["0", "0"]
            (files,) = [line for line in limits.splitlines() if "open files" in line]
            soft, hard = files.split()[3:5]
            most = MOST_FILES if hard == "unlimited" else int(hard)
            assert soft == "unlimited" or int(soft) >= min(MOST_FILES, most)
        for path in (paths.socket, paths.token, paths.pid, paths.admin_secret):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        assert process.stdout.read() == ""
        assert process.stderr.read() == ""
    assert not paths.socket.exists()
    assert not paths.pid.exists()


def test_a_terminal_that_is_closed_ends_it_in_good_order(paths: Paths) -> None:
    configure(paths)
    with serving() as process:
        assert process.stderr is not None
        assert "listening" in process.stderr.readline()
        process.send_signal(signal.SIGHUP)
        assert process.wait(15) == 0
        assert process.stderr.read() == ""
    assert not paths.pid.exists()


def test_what_is_to_outlive_its_terminal_does(paths: Paths) -> None:
    configure(paths)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with serving() as process:
            assert process.stderr is not None
            assert "listening" in process.stderr.readline()
            process.send_signal(signal.SIGHUP)
            process.send_signal(signal.SIGPIPE)
            status = [sys.executable, "-P", "-m", "faregate", "status", "--json"]
            assert (
                subprocess.run(status, capture_output=True, check=False).returncode == 0
            )
            process.send_signal(signal.SIGTERM)
            assert process.wait(15) == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_second_one_is_refused_and_told_why(paths: Paths) -> None:
    configure(paths)
    with serving() as process:
        assert process.stderr is not None
        assert "listening" in process.stderr.readline()
        second = subprocess.run(
            SERVE, capture_output=True, text=True, timeout=30, check=False
        )
        assert second.returncode == 1
        assert str(process.pid) in second.stderr
        assert "Traceback" not in second.stderr
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0


def test_a_state_folder_that_others_can_enter_stops_the_start(paths: Paths) -> None:
    configure(paths)
    paths.state_dir.chmod(0o755)
    done = subprocess.run(
        SERVE, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 2
    assert "chmod 700" in done.stderr


@pytest.mark.parametrize("text", ["[server]\nport = 0\n", "nonsense"])
def test_a_bad_configuration_stops_the_start(paths: Paths, text: str) -> None:
    paths.config.write_text(text)
    done = subprocess.run(
        SERVE, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 2
    assert str(paths.config) in done.stderr


def test_a_proxy_that_never_began_leaves_the_collector_on(
    cli: Cli, paths: Paths
) -> None:
    paths.config.write_text("[budget]\nmonthly = -1\n")
    assert cli("serve").code == ExitCode.USAGE
    assert gc.isenabled()
