"""What the simulated provider refuses, as a real one would, and never bills."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from faregate.smoke.simulated.rates import BillRates
from faregate.smoke.simulated.server import SimulatedProvider
from faregate.smoke.simulated.settings import ModelLimits, SimulatorSettings
from tests.smoke.wire import CHAT, GEMINI, MESSAGES, post

CHAT_PATH = "/v1/chat/completions"


async def started(
    rates: dict[str, BillRates] | None = None, **settings: Any
) -> SimulatedProvider:
    simulated = SimulatedProvider(settings=SimulatorSettings(**settings), rates=rates)
    await simulated.start()
    return simulated


REFUSED: dict[str, tuple[str, Any, int]] = {
    "no json": (CHAT_PATH, b"{", 400),
    "an array": (CHAT_PATH, b"[]", 400),
    "no model": (CHAT_PATH, {"messages": CHAT["messages"]}, 400),
    "no messages": (CHAT_PATH, {"model": "m", "messages": []}, 400),
    "stream options alone": (
        CHAT_PATH,
        {**CHAT, "stream_options": {"include_usage": True}},
        400,
    ),
    "bound of zero": (CHAT_PATH, {**CHAT, "max_tokens": 0}, 400),
    "bound as text": (CHAT_PATH, {**CHAT, "max_tokens": "9"}, 400),
    "bound too large": (CHAT_PATH, {**CHAT, "model": "tight", "max_tokens": 101}, 400),
    "wrong bound field": (CHAT_PATH, {**CHAT, "model": "new", "max_tokens": 9}, 400),
    "window": (
        CHAT_PATH,
        {"model": "tight", "messages": [{"role": "user", "content": "x" * 9000}]},
        400,
    ),
    "no bound for Messages": ("/v1/messages", CHAT, 400),
    "large bound for Messages": (
        "/v1/messages",
        {**MESSAGES, "model": "tight", "max_tokens": 101},
        400,
    ),
    "no input": ("/v1/responses", {"model": "m"}, 400),
    "no contents": ("/v1beta/models/m:generateContent", {"contents": []}, 400),
    "no prompt": ("/v1/completions", {"model": "m"}, 400),
    "nothing to embed": ("/v1/embeddings", {"model": "m"}, 400),
    "unknown path": ("/s/run/v1/chat/completions", CHAT, 404),
    "unknown verb": ("/v1beta/models/m:fly", GEMINI, 404),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_bad_requests_are_refused_and_never_billed(case: str) -> None:
    limits = {
        "tight": ModelLimits(context=1000, max_output=100),
        "new": ModelLimits(output_field="max_completion_tokens"),
    }
    simulated = await started(limits=limits)
    path, body, status = REFUSED[case]
    answer = await post(simulated.url, path, body)
    await simulated.stop()
    assert answer.status == status
    assert answer.json["error"]["message"]
    assert not simulated.bill.rows
    assert simulated.requests[0].status == status


async def test_a_model_without_rates_does_not_exist() -> None:
    simulated = await started({"listed": BillRates(input="1", output="1")})
    answer = await post(simulated.url, CHAT_PATH, CHAT)
    await simulated.stop()
    assert answer.status == 404
    assert not simulated.bill.rows


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer right"},
        {"x-api-key": "right"},
        {"x-goog-api-key": "right"},
    ],
)
async def test_keys_are_checked_when_some_are_set(headers: dict[str, str]) -> None:
    simulated = await started(keys=frozenset({"right"}))
    url = simulated.url + CHAT_PATH
    async with aiohttp.ClientSession() as client:
        async with client.post(url, json=CHAT) as answer:
            assert answer.status == 401
        async with client.post(url, json=CHAT, headers=headers) as answer:
            assert answer.status == 200
    await simulated.stop()
    assert len(simulated.bill.rows) == 1
