"""The processes under test, and what the system says of them.

Starts and ends them, reads their CPU time and memory. Sends no request but the one
that asks whether a process is ready.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
READY_WITHIN_S = 20.0
CONFIG = """\
[server]
port = {port}
[budget]
monthly = 1000000
daily = 500000
session = 100000
[limits]
requests = 100000000
input_tokens = 100000000000
output_tokens = 100000000000
retries = 1000000
tool_calls = 100000000
concurrency = 100000
[loops]
action = "alert"
[providers.openai]
base_url = "{upstream}/v1"
protocols = ["openai_chat", "openai_responses"]
key_env = "FAREGATE_BENCH_KEY"
[providers.anthropic]
base_url = "{upstream}"
key_env = "FAREGATE_BENCH_KEY"
[providers.plain]
kind = "openai"
base_url = "{upstream}/v1"
protocols = ["openai_chat"]
key_env = "FAREGATE_BENCH_KEY"
[prices."plain/gpt-5"]
input = 1.0
output = 10.0
"""


@dataclass(frozen=True, kw_only=True)
class System:
    """One process that answers requests on a loopback port."""

    name: str
    pid: int
    port: int
    ready_s: float
    """From the start of its process to its first answer."""
    token: str = "none"

    def cpu_s(self) -> float:
        """Return the CPU time that the process used so far, all threads."""
        with contextlib.suppress(OSError, ValueError):
            return _nanoseconds(self.pid) / 1e9
        return _ps_seconds(self.pid)

    def rss_mb(self) -> float:
        """Return the resident memory in MB (2^20 bytes)."""
        asked = ["ps", "-o", "rss=", "-p", str(self.pid)]
        found = subprocess.run(asked, capture_output=True, text=True, check=True)
        return int(found.stdout) / 1024


@contextlib.contextmanager
def provider() -> Iterator[System]:
    """Run the provider that stands behind everything."""
    command = [sys.executable, str(HERE / "upstream.py")]
    with _process(command, dict(os.environ), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield System(name="direct", pid=process.pid, port=port, ready_s=0.0)


@contextlib.contextmanager
def forwarder(upstream: System) -> Iterator[System]:
    """Run the bare forwarder."""
    port = _free_port()
    command = [sys.executable, str(HERE / "forwarder.py"), _url(upstream), str(port)]
    begun = time.monotonic()
    with _process(command, dict(os.environ)) as process:
        yield System(
            name="bare",
            pid=process.pid,
            port=port,
            ready_s=_answers_after(process, port, begun),
        )


@contextlib.contextmanager
def gate(upstream: System, home: Path) -> Iterator[System]:
    """Run `faregate serve` with everything on, under `home`, which may be used."""
    home.mkdir(mode=0o700, exist_ok=True)
    port = _free_port()
    config = CONFIG.format(port=port, upstream=_url(upstream))
    (home / "config.toml").write_text(config)
    environment = {
        **os.environ,
        "FAREGATE_HOME": str(home),
        "FAREGATE_BENCH_KEY": "sk-bench",
    }
    command = [sys.executable, "-m", "faregate.cli.main", "serve", "--quiet"]
    begun = time.monotonic()
    with _process(command, environment) as process:
        ready_s = _answers_after(process, port, begun)
        yield System(
            name="gate",
            pid=process.pid,
            port=port,
            ready_s=ready_s,
            token=_token(home, environment),
        )


def _token(home: Path, environment: dict[str, str]) -> str:
    """Return the local token, from where a person gets it."""
    asked = [sys.executable, "-m", "faregate.cli.main", "env"]
    lines = subprocess.run(
        asked, env=environment, cwd=home, capture_output=True, text=True, check=True
    ).stdout
    for line in lines.splitlines():
        name, _, value = line.removeprefix("export ").partition("=")
        if name == "OPENAI_API_KEY":
            return value.strip("'\"")
    raise RuntimeError(f"faregate env names no OPENAI_API_KEY: {lines!r}")


@contextlib.contextmanager
def _process(
    command: list[str], environment: dict[str, str], stdout: int | None = None
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, env=environment, stdout=stdout, text=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _url(system: System) -> str:
    return f"http://127.0.0.1:{system.port}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers_after(process: subprocess.Popen[str], port: int, begun: float) -> float:
    """Wait until the process answers; return how long that took, in seconds."""
    while time.monotonic() - begun < READY_WITHIN_S:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended at once")
        with contextlib.suppress(OSError):
            if _answers(port):
                return time.monotonic() - begun
        time.sleep(0.005)
    raise RuntimeError(f"{process.args!r} did not answer in {READY_WITHIN_S:.0f} s")


def _answers(port: int) -> bool:
    head = f"HEAD / HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(head.encode())
        return connection.recv(16).startswith(b"HTTP/1.1 ")


def _nanoseconds(pid: int) -> int:
    """Add up what the Linux scheduler counted for each thread."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((t / "schedstat").read_text().split()[0]) for t in threads)


def _ps_seconds(pid: int) -> float:
    """Return CPU time where there is no /proc, in hundredths of a second."""
    asked = ["ps", "-o", "time=", "-p", str(pid)]
    found = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    seconds = 0.0
    for part in found.strip().replace("-", ":").split(":"):
        seconds = seconds * 60 + float(part)
    return seconds
