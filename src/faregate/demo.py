"""The demo: scripted agents through a real gate in a home that is thrown away.

Owns the demo's gate and its end; what the agents play is the smoke package's, what a
person sees is the CLI's. Never touches the person's own ledger.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from faregate.config.load import load
from faregate.config.paths import Paths, find_paths
from faregate.core.identity import Grant
from faregate.core.labels import Labels
from faregate.daemon import Daemon
from faregate.gateway.approval_words import call_lines
from faregate.gateway.tasks import spawn
from faregate.smoke.demo_script import demo_config, demo_provider, play_demo

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from faregate.control.models import Status
    from faregate.core.money import Money
    from faregate.smoke.agents import AgentRun
    from faregate.smoke.simulated.server import SimulatedProvider

_ANY_PORT = 4747
_START_SECONDS = 20.0
_STOP_SECONDS = 2.0
_SETTLE_SECONDS = 15.0
_LOOK_SECONDS = 0.02
_REASON = "pushes wait for a review"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """What a play cost, by the gate's ledger and by the provider's own bill."""

    runs: tuple[AgentRun, ...]
    status: Status
    bill: Money
    booked: Money
    """Spent and unknown, as the ledger has it."""
    limit: Money
    decided: tuple[str, ...]
    """What waited for a person, and how that ended."""
    moved: tuple[str, ...]
    """Requests that went on elsewhere, and why."""


@dataclass(slots=True, kw_only=True)
class _Stage:
    daemon: Daemon
    provider: SimulatedProvider
    paths: Paths


def play_headless(seed: int) -> DemoResult:
    """Play once, as fast as it goes, and return the figures."""
    with tempfile.TemporaryDirectory(prefix="faregate-demo-") as folder:
        return asyncio.run(_play_once(Path(folder), seed))


@contextlib.contextmanager
def playing(seed: int) -> Iterator[Paths]:
    """Play once in a thread, watchably; the gate stays until the block ends."""
    with tempfile.TemporaryDirectory(prefix="faregate-demo-") as folder:
        show = _Show(Path(folder), seed)
        show.start()
        try:
            yield show.paths
        finally:
            show.stop()


class _Show:
    """A gate and its agents in a thread of their own."""

    def __init__(self, home: Path, seed: int) -> None:
        self.paths = _paths(home)
        self._home = home
        self._seed = seed
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="demo", daemon=True)

    def start(self) -> None:
        """Return once the gate listens; raises what kept it from starting."""
        self._thread.start()
        if not self._ready.wait(_START_SECONDS):
            raise TimeoutError("the demo's gate did not start")
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """End the play; gives up waiting after two seconds."""
        if self._task is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        with contextlib.closing(self._loop):
            self._task = self._loop.create_task(self._play_on())
            try:
                self._loop.run_until_complete(self._task)
            except asyncio.CancelledError:
                return
            except BaseException as error:  # noqa: BLE001 - start() raises it
                self._failure = error
                self._ready.set()

    async def _play_on(self) -> None:
        async with _stage(self._home) as stage:
            self._ready.set()
            await _play(stage, seed=self._seed, pace=1.0)
            # The last picture, with the cap reached, stays until the person leaves.
            await asyncio.Event().wait()


async def _play_once(home: Path, seed: int) -> DemoResult:
    async with _stage(home) as stage:
        person = spawn(_decide(stage), "the demo's person")
        try:
            runs = await _play(stage, seed=seed, pace=0.0)
        finally:
            person.cancel()
        gate = stage.daemon.gate
        async with asyncio.timeout(_SETTLE_SECONDS):
            await gate.flights.landed()
        now = gate.clock.now_ms() / 1000
        states = gate.ledger.states(gate.shared_windows(now))
        month = next(s for s in states if s.budget.limit is not None)
        limit = month.budget.limit
        if limit is None:
            raise RuntimeError("the demo has a cap")
        return DemoResult(
            runs=tuple(runs),
            status=stage.daemon.live.status(),
            bill=stage.provider.bill.total,
            booked=month.spent + month.unknown,
            limit=limit,
            decided=_decisions(stage),
            moved=tuple(e.text for e in gate.events.since(0) if e.kind == "fallback"),
        )


async def _decide(stage: _Stage) -> None:
    """Say no to everything that waits, as a person would in front of the screen."""
    desk = stage.daemon.gate.approvals
    while desk is not None:
        for case in desk.waiting:
            desk.deny(case.id, who="the demo", reason=_REASON)
        await asyncio.sleep(_LOOK_SECONDS)


def _decisions(stage: _Stage) -> tuple[str, ...]:
    desk = stage.daemon.gate.approvals
    if desk is None:
        return ()
    return tuple(
        f"{case.agent}: {', '.join(call_lines(case)) or case.title}: "
        f"{case.outcome.decision.value}"
        for case in desk.decided
        if case.outcome is not None
    )


async def _play(stage: _Stage, *, seed: int, pace: float) -> list[AgentRun]:
    tokens = stage.daemon.tokens
    return await play_demo(
        base_url=stage.daemon.url,
        token_for=lambda name: tokens.issue(Grant(labels=Labels(workspace=name))),
        provider=stage.provider,
        pace=pace,
        seed=seed,
    )


@contextlib.asynccontextmanager
async def _stage(home: Path) -> AsyncIterator[_Stage]:
    provider = demo_provider()
    await provider.start()
    paths = _paths(home)
    paths.config.write_text(demo_config(provider.url, _ANY_PORT), encoding="utf-8")
    settings = load(paths)
    server = dataclasses.replace(settings.server, port=0, drain_s=0.2)
    daemon = Daemon(
        dataclasses.replace(settings, server=server), paths, asyncio.Event()
    )
    try:
        await daemon.start()
        try:
            yield _Stage(daemon=daemon, provider=provider, paths=paths)
        finally:
            await daemon.stop()
    finally:
        await provider.stop()


def _paths(home: Path) -> Paths:
    # Not the process's own environment: the demo must never find the person's files.
    home.chmod(0o700)
    return find_paths({"FAREGATE_HOME": os.fspath(home)})
