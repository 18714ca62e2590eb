"""Alerts reach the log, a command and a webhook; what hangs is given up."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from faregate.gateway.events import EventLog
from faregate.server.alerts import Alerts, Delivery


class Hook:
    """A webhook that remembers what it got, and answers as it was told."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.status = 204
        self.url = ""
        self.release = asyncio.Event()
        self.release.set()

    async def answer(self, request: web.Request) -> web.Response:
        self.got.append(json.loads(await request.read()))
        await self.release.wait()
        where = {"location": "/elsewhere"} if self.status == 302 else {}
        return web.Response(status=self.status, headers=where)


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    made = Hook()
    app = web.Application()
    app.router.add_post("/{path:.*}", made.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    made.url = f"http://{host}:{port}/alerts"
    yield made
    made.release.set()
    await runner.cleanup()


class HandClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.ms = 1_000_000

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000

    elapsed = monotonic


def crossing(events: EventLog, text: str = "50 % of the monthly budget") -> None:
    events.publish("alert", text, at_ms=1_795_000_000_000, severity="warn")


async def test_a_crossing_reaches_log_command_and_webhook(
    hook: Hook, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "out.json"
    program = (
        "import os, sys; open(sys.argv[1], 'w').write(sys.stdin.read() + '\\n'"
        " + os.environ['FAREGATE_ALERT_TEXT'] + os.environ.get('SOME_KEY', ''))"
    )
    events = EventLog()
    alerts = Alerts(
        events,
        Delivery(command=(sys.executable, "-c", program, str(out)), webhook=hook.url),
        HandClock(),
    )
    crossing(events, "50 % \x1b[31mof it")
    with caplog.at_level(logging.WARNING):
        await alerts.look()
    (got,) = hook.got
    assert got["kind"] == "alert"
    assert got["at"] == "2026-11-18T11:06:40Z"
    assert "\x1b" not in got["text"]
    said, environment = out.read_text().split("\n")
    assert json.loads(said) == got
    assert environment == got["text"]
    assert alerts.failed == 0
    assert [r.message for r in caplog.records] == [got["text"]]
    await alerts.look()
    assert len(hook.got) == 1


async def test_only_alerts_are_told_and_the_same_trouble_once_a_minute(
    hook: Hook,
) -> None:
    events = EventLog()
    alerts = Alerts(events, Delivery(webhook=hook.url), HandClock())
    for second in range(130):
        at = 1_000_000 + second * 1000
        events.publish("capped", "full", at_ms=at, severity="alert", session="a")
        events.publish("retry", "again", at_ms=at, severity="warn", session="a")
    events.publish("capped", "full", at_ms=1_000_000, severity="alert", session="b")
    await alerts.look()
    assert [(got["kind"], got["session"]) for got in hook.got].count(
        ("capped", "a")
    ) == 3
    assert len(hook.got) == 4


async def test_a_full_budget_is_one_line_and_then_one_a_minute_that_counts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    events, clock = EventLog(), HandClock()
    alerts = Alerts(events, Delivery(), clock)

    def refused(times: int, about: str = "global month 1") -> None:
        for number in range(times):
            events.publish(
                "capped",
                "the budget is full",
                at_ms=clock.ms,
                severity="alert",
                session=f"s{number}",
                about=about,
            )

    with caplog.at_level(logging.WARNING):
        refused(5)
        await alerts.look()
        refused(4)
        await alerts.look()
        refused(1, about="global day 1")
        await alerts.look()
        clock.ms += 59_999
        await alerts.look()
        clock.ms += 1
        await alerts.look()
        clock.ms += 30_000
        refused(1)
        await alerts.look()
        clock.ms += 30_000
        await alerts.look()
        clock.ms += 60_000
        await alerts.look()
        refused(2)
        await alerts.look()
    assert [record.message for record in caplog.records] == [
        "the budget is full",
        "the budget is full",
        "the budget is full (8 times in the last minute)",
        "the budget is full",
        "the budget is full",
    ]
    assert len(events.since(0)) == 13


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_a_webhook_that_says_no_is_a_failure(hook: Hook, status: int) -> None:
    events = EventLog()
    alerts = Alerts(events, Delivery(webhook=hook.url), HandClock())
    hook.status = status
    crossing(events)
    await alerts.look()
    assert alerts.failed == 1
    assert len(hook.got) == 1


async def test_what_hangs_is_given_up(hook: Hook) -> None:
    events = EventLog()
    sleeps = (sys.executable, "-c", "import time; time.sleep(600)")
    where = Delivery(command=sleeps, webhook=hook.url)
    alerts = Alerts(events, where, HandClock(), patience_s=0.05)
    hook.release.clear()
    crossing(events)
    await alerts.look()
    assert alerts.failed == 2


@pytest.mark.parametrize(
    "command", [("/nowhere/at/all",), (sys.executable, "-c", "raise SystemExit(3)")]
)
async def test_a_command_that_fails_is_counted(command: tuple[str, ...]) -> None:
    events = EventLog()
    alerts = Alerts(events, Delivery(command=command), HandClock())
    crossing(events)
    await alerts.look()
    assert alerts.failed == 1


async def test_it_looks_again_and_again(hook: Hook) -> None:
    events = EventLog()
    alerts = Alerts(events, Delivery(webhook=hook.url), HandClock())
    task = asyncio.ensure_future(alerts.run(0.001))
    for number in range(3):
        crossing(events, f"{number}")
        async with asyncio.timeout(20):
            while len(hook.got) <= number:  # noqa: ASYNC110 - another task's work
                await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [got["text"] for got in hook.got] == ["0", "1", "2"]
