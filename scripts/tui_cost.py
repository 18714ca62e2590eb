"""Measures what the screen costs: first frame, CPU and memory under load, and idle.

Runs the real TUI in a pseudo-terminal of 120 by 36 against a feed of 200 sessions, all
of which change four times a second, and reads its CPU time and memory from the system.
Run with the project's own Python: .venv/bin/python scripts/tui_cost.py [seconds]
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from faregate.config.paths import themes_dir
from faregate.control.feed import encode_feed
from faregate.control.models import (
    BudgetView,
    Delta,
    ProxyInfo,
    SessionView,
    Setup,
    Snapshot,
    Status,
)

SESSIONS = 200
EVERY_S = 0.25
SETTLE_S = 3.0
_PROGRAM = """
import sys
from pathlib import Path
from faregate.tui.attach import run
sys.exit(run(Path(sys.argv[1]), themes_dir=Path(sys.argv[2])))
"""


@dataclass(frozen=True, kw_only=True)
class Target:
    """One promise: its name, what was measured, and the most it may be."""

    name: str
    value: float
    most: float
    unit: str

    def told(self) -> str:
        """Return one line of the table."""
        verdict = "ok" if self.value <= self.most else "OVER"
        figures = f"{self.value:8.2f} {self.unit:<4} target {self.most:g}"
        return f"{self.name:<38}{figures}   {verdict}"


class Feed:
    """A proxy that only tells: a snapshot, then 200 changed sessions at 4 Hz."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._busy = threading.Event()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def start(self) -> None:
        """Listen."""
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)

    def set_busy(self, busy: bool) -> None:
        """Change everything four times a second, or nothing at all."""
        (self._busy.set if busy else self._busy.clear)()

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_get("/v1/version", self._version)
        app.router.add_get("/v1/feed", self._feed)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.UnixSite(runner, str(self._socket)).start()

    async def _version(self, _request: web.Request) -> web.Response:
        return web.json_response({"version": "0.1.0", "control": 1})

    async def _feed(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            await response.write(encode_feed(snapshot()))
            seq = 1
            while True:
                await asyncio.sleep(EVERY_S)
                if self._busy.is_set():
                    seq += 1
                    await response.write(encode_feed(delta(seq)))
        return response


class Screen:
    """The TUI in a terminal of its own, whose output is read and thrown away."""

    def __init__(self, socket: Path) -> None:
        self.output = 0
        self.first_frame = 0.0
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
        began = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(socket), str(themes_dir())],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
            start_new_session=True,
        )
        os.close(slave)
        seen = b""
        while b"SESSION" not in seen:
            seen = (seen + os.read(self._master, 65536))[-200_000:]
        self.first_frame = time.monotonic() - began
        threading.Thread(target=self._drain, daemon=True).start()

    def cpu_share(self, seconds: float) -> float:
        """Return the percentage of one core that the next seconds take."""
        before, began = self._cpu_s(), time.monotonic()
        time.sleep(seconds)
        return 100 * (self._cpu_s() - before) / (time.monotonic() - began)

    def memory_mb(self) -> float:
        """Return the resident memory."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def close(self) -> None:
        """Quit."""
        with contextlib.suppress(OSError):
            os.write(self._master, b"q")
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _cpu_s(self) -> float:
        text = Path(f"/proc/{self._process.pid}/stat").read_text()
        fields = text.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _drain(self) -> None:
        with contextlib.suppress(OSError):
            while octets := os.read(self._master, 65536):
                self.output += len(octets)


def session(number: int, seq: int) -> SessionView:
    """Return one session; every message changes its figures."""
    return SessionView(
        id=f"{number:08x}-5e55",
        agent=("claude-code", "codex", "opencode", "aider")[number % 4],
        workspace=f"project-{number % 23}",
        task=f"task-{number}",
        state="active",
        requests=number + seq,
        attempts=number + seq,
        retries=number % 3,
        client_retries=0,
        input_tokens=1_000_000 + number * 1000 + seq,
        output_tokens=10_000 + seq,
        tool_calls=seq,
        cost=f"{(number * 37 + seq) % 900}.{seq % 100:02}",
        cost_source="reported",
        held="0",
        unknown="0",
        wasted="0",
        parent=None,
        models=["anthropic/claude-opus-4-6"],
        started_at="2026-11-21T09:00:00Z",
        last_at=f"2026-11-21T10:{seq % 60:02}:00Z",
        outcome=None,
        cache_read_tokens=900_000,
        usd_per_hour=f"{seq % 10}.10",
        context_tokens=100_000 + seq,
        context_window=200_000,
    )


def budget(seq: int) -> BudgetView:
    """Return the month's cap."""
    return BudgetView(
        scope="global",
        window="month",
        limit="200",
        spent=f"{100 + seq % 50}.{seq % 100:02}",
        held="0",
        unknown="0",
        resets_at="2026-12-01T00:00:00Z",
    )


def snapshot() -> Snapshot:
    """Return where everything begins."""
    sessions = [session(number, 0) for number in range(SESSIONS)]
    proxy = ProxyInfo(url="http://127.0.0.1:4747", pid=1, uptime_s=60.0)
    return Snapshot(
        seq=1,
        at="2026-11-21T10:00:00Z",
        status=Status(
            version="0.1.0",
            proxy=proxy,
            budgets=[budget(0)],
            sessions=sessions,
            in_flight=0,
            waiting=0,
            providers=[],
        ),
        flights=[],
        events=[],
        setup=Setup(
            openai_base_url="",
            anthropic_base_url="",
            gemini_base_url="",
            keys_found=[],
            first_request_seen=True,
            cap_is_default=False,
        ),
        burn=["0.1"] * 60,
    )


def delta(seq: int) -> Delta:
    """Return a message in which every session is another."""
    return Delta(
        seq=seq,
        at="2026-11-21T10:00:00Z",
        in_flight=0,
        waiting=0,
        uptime_s=60.0 + seq,
        budgets=[budget(seq)],
        sessions=[session(number, seq) for number in range(SESSIONS)],
        flights=[],
        events=[],
        providers=[],
        burn=[f"0.{(minute + seq) % 10}" for minute in range(60)],
    )


def main() -> int:
    """Measure, print a table, and say by the exit code whether all targets hold."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 15.0
    with tempfile.TemporaryDirectory() as folder:
        feed = Feed(Path(folder) / "s")
        feed.start()
        first = min(_first_frame(Path(folder) / "s") for _ in range(3))
        screen = Screen(Path(folder) / "s")
        time.sleep(SETTLE_S)
        idle = screen.cpu_share(seconds)
        feed.set_busy(True)
        time.sleep(SETTLE_S)
        before = screen.output
        busy = screen.cpu_share(seconds)
        sent = (screen.output - before) / seconds / 1000
        memory = screen.memory_mb()
        screen.close()
    targets = [
        Target(name="first frame, best of three", value=first, most=0.7, unit="s"),
        Target(name="idle, 200 sessions on screen", value=idle, most=0.5, unit="%"),
        Target(name="200 sessions changing at 4 Hz", value=busy, most=5.0, unit="%"),
        Target(name="memory under that load", value=memory, most=80.0, unit="MB"),
    ]
    for target in targets:
        print(target.told())
    print(f"{'sent to the terminal':<38}{sent:8.2f} kB/s")
    load = os.getloadavg()[0]
    print(f"{'load of the machine, 1 min':<38}{load:8.2f} on {os.cpu_count()} cores")
    return 0 if all(each.value <= each.most for each in targets) else 1


def _first_frame(socket: Path) -> float:
    screen = Screen(socket)
    screen.close()
    return screen.first_frame


if __name__ == "__main__":
    sys.exit(main())
