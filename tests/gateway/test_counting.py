"""A count makes a hold fit that its bytes would keep out, and only where it may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from faregate.smoke.simulated.server import SimulatedProvider
from tests.running import RunningGate, running_gate

OPENAI = """
[providers.openai]
base_url = "{url}/v1"
key_env = "FAREGATE_TEST_KEY"
[prices."openai/gpt-text"]
input = 1000.0
output = 1.0
[prices."sim/gpt-text"]
input = 1000.0
output = 1.0
"""
# 8,000 bytes of text are about 1,600 tokens: $8 by bytes, under $2 when counted.
TEXT = "lorem ipsum dolor sit amet " * 300


@pytest.fixture
async def provider_url() -> AsyncIterator[str]:
    provider = SimulatedProvider()
    await provider.start()
    yield provider.url
    await provider.stop()


async def _ask(gate: RunningGate, model: str) -> tuple[int, str]:
    body = {
        "model": model,
        "max_tokens": 10,
        "messages": [{"role": "user", "content": TEXT}],
    }
    async with (
        aiohttp.ClientSession(headers=gate.bearer) as client,
        client.post(f"{gate.url}/v1/chat/completions", json=body) as answer,
    ):
        return answer.status, await answer.text()


async def test_text_of_a_named_encoding_is_counted_when_bytes_do_not_fit(
    tmp_path: Path, provider_url: str
) -> None:
    more = OPENAI.format(url=provider_url)
    async with running_gate(
        tmp_path / "h", url=provider_url, monthly="4", more=more
    ) as gate:
        status, text = await _ask(gate, "openai/gpt-text")
        assert status == 200, text


async def test_other_providers_keep_the_byte_bound(
    tmp_path: Path, provider_url: str
) -> None:
    more = OPENAI.format(url=provider_url)
    async with running_gate(
        tmp_path / "h", url=provider_url, monthly="4", more=more
    ) as gate:
        status, text = await _ask(gate, "sim/gpt-text")
        assert status == 400
        assert "budget_exceeded" in text


async def test_what_fits_by_its_bytes_is_not_counted(
    tmp_path: Path, provider_url: str
) -> None:
    more = OPENAI.format(url=provider_url)
    async with running_gate(
        tmp_path / "h", url=provider_url, monthly="400", more=more
    ) as gate:
        counted: list[str] = []

        async def count(text: str, encoding: str) -> int:
            counted.append(encoding)
            return 1

        gate.daemon.gate.count_tokens = count
        status, _ = await _ask(gate, "openai/gpt-text")
        assert status == 200
        assert counted == []


async def test_embeddings_are_not_counted_by_the_encoding_of_chat_models(
    provider_url: str, tmp_path: Path
) -> None:
    async with (
        running_gate(
            tmp_path,
            url=provider_url,
            monthly="5",
            more=OPENAI.format(url=provider_url),
        ) as gate,
        aiohttp.ClientSession(headers=gate.bearer) as session,
        session.post(
            gate.url + "/v1/embeddings",
            json={"model": "openai/gpt-text", "input": TEXT},
        ) as answer,
    ):
        assert answer.status == 400
        assert answer.headers["x-faregate-refusal"] == "budget_exceeded"


async def test_without_its_vocabulary_the_byte_bound_stands(
    tmp_path: Path, provider_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setattr("faregate.tokens.counter.packaged_files", lambda: empty)
    more = OPENAI.format(url=provider_url)
    async with running_gate(
        tmp_path / "h", url=provider_url, monthly="4", more=more
    ) as gate:
        status, text = await _ask(gate, "openai/gpt-text")
        assert status == 400
        assert "budget_exceeded" in text
        # Counting for an agent does without it too: a provider of another dialect
        # is not asked.
        body = {
            "model": "sim/gpt-x",
            "max_tokens": 5,
            "messages": [{"role": "user", "content": TEXT}],
        }
        async with (
            aiohttp.ClientSession(headers=gate.bearer) as client,
            client.post(f"{gate.url}/v1/messages/count_tokens", json=body) as answer,
        ):
            counted = await answer.json()
            assert answer.status == 200, counted
            assert 1_000 < counted["input_tokens"] < len(TEXT)
