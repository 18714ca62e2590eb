"""A proxy that is stopped (SIGSTOP) for longer than anything may take, and goes on.

What arrived meanwhile is read before anybody is blamed for being late.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from faregate.config.paths import find_paths
from faregate.control.client import ControlClient
from faregate.core.money import Money
from faregate.smoke.simulated.rates import Counts
from faregate.smoke.simulated.script import Step
from faregate.smoke.simulated.seen import SeenRequest
from faregate.smoke.simulated.server import SimulatedProvider
from tests.money.calls import Client, Got, chat, provider_of, until
from tests.money.children import ROOT, bearer
from tests.money.stopped import ALLOWED_S
from tests.running import CONFIG, KEY

PATH = "/v1/chat/completions"
STOPPED_S = ALLOWED_S + 2.5
MORE = f"""
[limits]
concurrency = 1
[retries]
first_event = "{ALLOWED_S:g}s"
whole = "{ALLOWED_S:g}s"
[routes.cheap]
models = ["auto"]
targets = ["sim/gpt-x", "sim/gpt-y"]
[prices."sim/gpt-y"]
input = 1.0
output = 10.0
"""


def paced(seen: SeenRequest) -> Step:
    """Answer a stream slowly, and everything else late."""
    return Step(gap=0.4) if b"by and by" in seen.body else Step(first_byte=2.0)


@pytest.fixture
async def provider() -> AsyncIterator[SimulatedProvider]:
    simulated = provider_of(usage=Counts(input=10, output=1_000))
    simulated.match(paced)
    await simulated.start()
    yield simulated
    await simulated.stop()


@pytest.fixture
def home(tmp_path: Path, provider: SimulatedProvider) -> Path:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    text = CONFIG.format(
        url=provider.url, monthly="20", budget="", provider="", more=MORE, drain="1s"
    )
    (home / "config.toml").write_text(text)
    return home


async def test_nobody_is_blamed_for_a_stop(
    home: Path, provider: SimulatedProvider
) -> None:
    async with _impatient(home) as (process, url), aiohttp.ClientSession() as session:
        client = Client(session, url, bearer(home))
        control = ControlClient(find_paths({"FAREGATE_HOME": str(home)}).socket)
        upload = await _Upload.begun(url, bearer(home))

        def ask(name: str, **more: Any) -> asyncio.Task[Got]:
            body = chat(text=more.pop("text", "hi"), max_tokens=4_000, **more)
            headers = {"x-faregate-session": name}
            return asyncio.create_task(client.post(PATH, body, headers))

        asked = [
            ask("streamed", text="by and by", stream=True),
            ask("whole"),
            ask("routed", model="auto", stream=True),
            ask("crowd"),
            ask("crowd"),
        ]
        await until(lambda: len(provider.generations) >= 4)
        process.send_signal(signal.SIGSTOP)
        await upload.finish()
        await asyncio.sleep(STOPPED_S)
        process.send_signal(signal.SIGCONT)
        answers = await asyncio.gather(*asked)
        assert [(got.status, got.broken) for got in answers] == [(200, False)] * 5
        assert await upload.status() == 200
        assert len(provider.generations) == 6
        month = await _booked(control)
        assert (month.held, month.unknown) == ("0", "0")
        assert Money.usd(month.spent) == provider.bill.total == Money.usd("0.06006")


class _Upload:
    """A request of which only the first half of the body was sent yet."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rest: bytes
    ) -> None:
        self._reader, self._writer, self._rest = reader, writer, rest

    @classmethod
    async def begun(cls, url: str, headers: dict[str, str]) -> _Upload:
        host, _, port = url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        body = json.dumps(chat(text="x" * 50_000, max_tokens=4_000)).encode()
        lines = {"host": f"{host}:{port}", "content-type": "application/json"}
        lines |= {"content-length": str(len(body)), **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"POST {PATH} HTTP/1.1\r\n{head}\r\n".encode() + body[:20_000])
        await writer.drain()
        return cls(reader, writer, body[20_000:])

    async def finish(self) -> None:
        self._writer.write(self._rest)
        await self._writer.drain()

    async def status(self) -> int:
        line = await self._reader.readline()
        self._writer.close()
        return int(line.split()[1])


@contextlib.asynccontextmanager
async def _impatient(
    home: Path,
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Run a proxy that waits for nothing longer than ALLOWED_S."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.money.stopped",
        str(home),
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "FAREGATE_TEST_KEY": KEY},
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        yield process, line.decode().strip()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _booked(control: ControlClient) -> Any:
    while True:
        status = await asyncio.to_thread(control.status)
        month = next(each for each in status.budgets if each.window == "month")
        if not status.in_flight and month.held == "0":
            return month
