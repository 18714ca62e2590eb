"""The vendors' own SDKs raise a readable error after one attempt at a limit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import errors, types

from faregate.control.client import ControlClient
from faregate.control.governing import RunLimits
from faregate.control.models import NewSession
from tests.running import CLAUDE, MODEL, RunningGate, running_gate

SAID: Any = [{"role": "user", "content": "hi"}]


def chat(url: str, key: str, *, stream: bool) -> None:
    with openai.OpenAI(base_url=f"{url}/v1", api_key=key) as client:
        answer: Any = client.chat.completions.create(
            model=MODEL, messages=SAID, max_tokens=9, stream=stream
        )
        list(answer)


def responses(url: str, key: str, *, stream: bool) -> None:
    with openai.OpenAI(base_url=f"{url}/v1", api_key=key) as client:
        answer: Any = client.responses.create(
            model=MODEL, input="hi", max_output_tokens=16, stream=stream
        )
        list(answer)


def messages(url: str, key: str, *, stream: bool) -> None:
    with anthropic.Anthropic(base_url=url, api_key=key) as client:
        answer: Any = client.messages.create(
            model=CLAUDE, messages=SAID, max_tokens=9, stream=stream
        )
        list(answer)


def gemini(url: str, key: str, *, stream: bool) -> None:
    config = types.GenerateContentConfig(max_output_tokens=9)
    asked: Any = {"model": "gemini-x", "contents": "hi", "config": config}
    options = types.HttpOptions(base_url=url)
    with genai.Client(api_key=key, http_options=options) as client:
        if stream:
            list(client.models.generate_content_stream(**asked))
        else:
            client.models.generate_content(**asked)


async def refusals(gate: RunningGate) -> int:
    """Return how many requests the gate has refused."""
    return await asyncio.to_thread(gate.daemon.reports.refused, 0)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("sdk", "raises"),
    [
        (chat, openai.BadRequestError),
        (responses, openai.BadRequestError),
        (messages, anthropic.BadRequestError),
        (gemini, errors.ClientError),
    ],
)
async def test_one_attempt_and_a_sentence(
    tmp_path: Path,
    sdk: Callable[..., None],
    raises: type[Exception],
    stream: bool,
) -> None:
    async with running_gate(tmp_path / "h") as gate:
        control = ControlClient(gate.paths.socket)
        asked = NewSession(limits=RunLimits(requests=1))
        grant = await asyncio.to_thread(control.new_session, asked)
        await asyncio.to_thread(sdk, gate.url, grant.token, stream=stream)
        with pytest.raises(raises) as caught:
            await asyncio.to_thread(sdk, gate.url, grant.token, stream=stream)
        assert "has made its 1 request" in str(caught.value)
        assert await refusals(gate) == 1
        assert len(gate.provider.generations) == 1
