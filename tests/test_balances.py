"""Balances of several providers, each asked with its own key."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from faregate.balances import ask_balances
from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.smoke.balance.values import Balance, NoBalance
from tests.smoke.told import spec_at


@pytest.fixture
def root() -> Iterator[str]:
    """A server on a loop of its own that tells DeepSeek's balance."""
    ready: list[str] = []
    started, loop = threading.Event(), asyncio.new_event_loop()

    async def tell(request: web.Request) -> web.Response:
        assert request.headers["authorization"] == "Bearer sk-of-deepseek"
        wallet = {"currency": "USD", "total_balance": "12.30"}
        return web.json_response({"is_available": True, "balance_infos": [wallet]})

    async def start() -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/user/balance", tell)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        ready.append(f"http://{host}:{port}")
        return runner

    def serve() -> None:
        runner = loop.run_until_complete(start())
        started.set()
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=serve)
    thread.start()
    started.wait(10)
    yield ready[0]
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


def test_each_is_asked_with_its_own_key(
    root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-of-deepseek")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    monkeypatch.delenv("NOVITA_API_KEY", raising=False)
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    settings = load(find_paths({"FAREGATE_HOME": str(home)}))
    here = replace(settings.providers["deepseek"], spec=spec_at("deepseek", root))
    settings = replace(settings, providers={**settings.providers, "deepseek": here})
    told = ask_balances(settings, ["deepseek", "openai", "novita"])
    assert isinstance(told["deepseek"], Balance)
    assert str(told["deepseek"].remaining) == "12.30"
    assert isinstance(told["openai"], NoBalance)
    assert not told["openai"].has_endpoint
    assert told["novita"] == NoBalance(why="no key was found")
