"""A whole gate in this process: real daemon, real ledger, a simulated provider.

Tests import it; nothing here asserts anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
from collections.abc import AsyncIterator
from pathlib import Path
from unittest import mock

from faregate.config.load import load
from faregate.config.paths import Paths, find_paths
from faregate.core.holds import BudgetState
from faregate.daemon import Daemon
from faregate.gateway.ports import Clock
from faregate.gateway.settings import Patience
from faregate.smoke.simulated.server import SimulatedProvider

MODEL = "sim/gpt-x"
CLAUDE = "sima/claude-x"
GEMINI = "simg/gemini-x"
KEY = "sk-upstream-canary"

CONFIG = """
[server]
port = 4747
drain = "{drain}"
[budget]
monthly = {monthly}
{budget}
[providers.sim]
kind = "openai"
base_url = "{url}/v1"
protocols = ["openai_chat", "openai_responses"]
key_env = "FAREGATE_TEST_KEY"
{provider}
[providers.sima]
kind = "anthropic"
base_url = "{url}"
key_env = "FAREGATE_TEST_KEY"
{provider}
[providers.simg]
kind = "gemini"
base_url = "{url}"
key_env = "FAREGATE_TEST_KEY"
{provider}
[prices."sim/gpt-x"]
input = 1.0
output = 10.0
[prices."sima/claude-x"]
input = 1.0
output = 10.0
[prices."simg/gemini-x"]
input = 1.0
output = 10.0
{more}
"""


@dataclasses.dataclass(slots=True, kw_only=True)
class RunningGate:
    """A running daemon and the provider behind it."""

    daemon: Daemon
    provider: SimulatedProvider
    paths: Paths
    token: str

    @property
    def url(self) -> str:
        """Return the agents' plane, without /v1."""
        return self.daemon.url

    @property
    def bearer(self) -> dict[str, str]:
        """Return headers with the local token."""
        return {"authorization": f"Bearer {self.token}"}

    def month(self) -> BudgetState:
        """Return the global month."""
        gate = self.daemon.gate
        windows = gate.shared_windows(gate.clock.now_ms() / 1000)
        states = self.daemon.gate.ledger.states(windows)
        return next(s for s in states if s.budget.window == "month")

    async def settled(self, within_s: float = 15.0) -> None:
        """Wait until nothing is in flight any more."""
        async with asyncio.timeout(within_s):
            await self.daemon.gate.flights.landed()


def _write_config(home: Path, text: str) -> None:
    home.mkdir(mode=0o700, exist_ok=True)
    home.chmod(0o700)
    (home / "config.toml").write_text(text)


@contextlib.asynccontextmanager
async def running_gate(
    home: Path,
    provider: SimulatedProvider | None = None,
    *,
    monthly: str = "1.0",
    budget: str = "",
    each_provider: str = "",
    more: str = "",
    drain: str = "1s",
    url: str | None = None,
    clock: Clock | None = None,
    patience: Patience | None = None,
) -> AsyncIterator[RunningGate]:
    """Run a gate under `home` in front of `provider`, on free ports.

    A `url` names a provider that runs already and is left running.
    """
    provider = provider or SimulatedProvider()
    started = url is None
    if started:
        await provider.start()
    text = CONFIG.format(
        url=url or provider.url,
        monthly=monthly,
        budget=budget,
        provider=each_provider,
        more=more,
        drain=drain,
    )
    _write_config(home, text)
    paths = find_paths({"FAREGATE_HOME": str(home)})
    with mock.patch.dict(os.environ, {"FAREGATE_TEST_KEY": KEY}):
        settings = load(paths)
        server = dataclasses.replace(settings.server, port=0)
        daemon = Daemon(
            dataclasses.replace(settings, server=server),
            paths,
            asyncio.Event(),
            clock=clock,
            patience=patience,
        )
        try:
            await daemon.start()
        except BaseException:
            if started:
                await provider.stop()
            raise
    try:
        yield RunningGate(
            daemon=daemon,
            provider=provider,
            paths=paths,
            token=paths.token.read_text().strip(),
        )
    finally:
        await daemon.stop()
        if started:
            await provider.stop()
