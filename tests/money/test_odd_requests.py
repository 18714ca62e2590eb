"""Requests that nobody sends by accident: what they cost is held, and nothing hangs."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from faregate.smoke.simulated.rates import Counts
from tests.money.calls import (
    Client,
    booked,
    call_of,
    chat,
    client_of,
    messages,
    provider_of,
)
from tests.running import RunningGate, running_gate

CHAT = "/v1/chat/completions"
PICTURE = "data:image/png;base64,"
PARTS = {
    "many": [f"{PICTURE}AAAA"] * 10_000,
    "no base64": [f"{PICTURE}!!!\u20ac not base64"],
    "no end": [f"{PICTURE}{'A' * 3}"],
    "large": [f"{PICTURE}{'A' * 700_000}"],
}


def _pictures(urls: list[str]) -> list[dict[str, Any]]:
    return [{"type": "image_url", "image_url": {"url": url}} for url in urls]


@pytest.mark.parametrize("kind", PARTS)
async def test_pictures_are_held_for_by_the_window_or_refused(
    kind: str, tmp_path: Path
) -> None:
    """How many tokens a picture takes is the provider's secret."""
    window = (
        '[models."sim/windowed"]\ncontext = 20000\n'
        '[prices."sim/windowed"]\ninput = 1.0\noutput = 10.0\n'
    )
    body = chat(max_tokens=10)
    body["messages"][0]["content"] = _pictures(PARTS[kind])
    provider = provider_of(usage=Counts(input=20_000, output=10))
    async with (
        running_gate(tmp_path / "h", provider, more=window) as gate,
        client_of(gate) as client,
    ):
        # Nothing bounds what it costs where the window is not known.
        assert (await client.post(CHAT, body)).code == "unpriced_model"
        assert provider.requests == []
        got = await client.post(CHAT, {**body, "model": "sim/windowed"})
        assert got.status == 200
        await gate.settled()
        state = gate.month()
        assert provider.bill.total <= booked(state)
        assert not state.closed


@pytest.mark.parametrize("sign", ["\U0001f600", "\u200b"], ids=["wide", "no width"])
@pytest.mark.parametrize("escaped", [False, True], ids=["as it is", "escaped"])
async def test_a_token_for_each_byte_of_a_prompt_is_covered(
    sign: str, escaped: bool, tmp_path: Path
) -> None:
    """The worst that an encoding can do."""
    text = sign * 50_000
    provider = provider_of(usage=Counts(input=len(text.encode()), output=10))
    body: Any = chat(text=text, max_tokens=10)
    if not escaped:
        body = chat(text="TEXT", max_tokens=10)
        raw = str(body).replace("'", '"').encode()
        body = raw.replace(b"TEXT", text.encode())
    async with (
        running_gate(tmp_path / "h", provider, monthly="10") as gate,
        client_of(gate) as client,
    ):
        assert (await client.post(CHAT, body)).status == 200
        await gate.settled()
        state = gate.month()
        assert provider.bill.total == state.spent
        assert not state.closed


async def test_one_idempotency_key_pays_for_each_request(tmp_path: Path) -> None:
    """It is the provider's to keep; what it repeats for nothing, it bills as that."""
    provider = provider_of(gap=0.01)
    key = {"idempotency-key": "i-1"}
    async with (
        running_gate(tmp_path / "h", provider) as gate,
        client_of(gate) as client,
    ):
        for body in (chat(max_tokens=9), chat(max_tokens=9), chat(text="other")):
            assert (await client.post(CHAT, body, key)).status == 200
        both = [client.post(CHAT, chat(text="at once"), key) for _ in range(2)]
        assert [got.status for got in await asyncio.gather(*both)] == [200, 200]
        await gate.settled()
        seen = [each.headers["idempotency-key"] for each in provider.generations]
        assert seen == ["i-1"] * 5
        assert provider.bill.total == gate.month().spent


async def test_threads_that_hang_stop_no_small_request(tmp_path: Path) -> None:
    provider = provider_of()
    release = threading.Event()
    loop = asyncio.get_running_loop()
    async with (
        running_gate(tmp_path / "h", provider) as gate,
        client_of(gate) as client,
    ):
        hung = [loop.run_in_executor(None, release.wait) for _ in range(64)]
        large: asyncio.Future[Any] | None = None
        try:
            for protocol in ("chat", "messages", "responses", "gemini"):
                path, body = call_of(protocol, stream=False)
                assert (await client.post(path, body)).status == 200
            body = messages(text="x" * 600_000)
            large = asyncio.ensure_future(client.post("/v1/messages", body))
        finally:
            release.set()
            await asyncio.gather(*hung)
        assert (await large).status == 200
        await gate.settled()
        state = gate.month()
        assert provider.bill.total == state.spent
        assert not state.held


async def test_a_provider_that_has_no_other_address_than_one_of_ipv6(
    tmp_path: Path,
) -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    provider = provider_of()
    await provider.start("::1")
    port = provider.url.rpartition(":")[2]
    try:
        async with running_gate(
            tmp_path / "h", provider, url=f"http://[::1]:{port}"
        ) as gate:
            await _spends(gate)
            await provider.stop()
            async with client_of(gate) as client:
                before = gate.month()
                path, body = call_of("chat", stream=False)
                assert (await client.post(path, body)).status == 502
                assert gate.month() == before
    finally:
        await provider.stop()


async def _spends(gate: RunningGate) -> None:
    path, body = call_of("chat", stream=True)
    async with client_of(gate) as client:
        assert isinstance(client, Client)
        assert (await client.post(path, body)).status == 200
    await gate.settled()
    assert gate.provider.bill.total == gate.month().spent
