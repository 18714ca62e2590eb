"""What probes share is asked once, and teaches the context."""

from __future__ import annotations

import pytest

from faregate.smoke import exchanges
from faregate.smoke.simulated.interception import json_answer
from tests.smoke.probing import EVERY, MODEL, NONCE, stage


@pytest.mark.parametrize("protocol", EVERY)
async def test_each_is_sent_once(protocol: str) -> None:
    async with stage(protocol) as on:
        for _ in range(3):
            for ask in (
                exchanges.models,
                exchanges.text_stream,
                exchanges.tool_call,
                exchanges.tool_stream,
                exchanges.bad_key,
            ):
                await ask(on.ctx)
        assert len(on.provider.requests) == len(on.ctx.transcripts) == 5


async def test_the_text_is_asked_for_with_a_code() -> None:
    async with stage() as on:
        asked = await exchanges.text_stream(on.ctx)
    assert NONCE in asked.said.text
    assert NONCE in str(asked.sent["messages"])


@pytest.mark.parametrize(
    "entry",
    [
        {"max_model_len": 4096},
        {"context_length": 4096},
        {"context_window": 4096},
        {"meta": {"n_ctx": 4096}},
    ],
)
async def test_the_list_may_tell_the_window(entry: dict[str, object]) -> None:
    listed = {"data": [{"id": "other", "context_length": 1}, {"id": MODEL, **entry}]}
    async with stage() as on:
        on.provider.intercept(lambda _: json_answer(200, listed))
        await exchanges.models(on.ctx)
        assert on.ctx.window == 4096


async def test_what_is_configured_of_the_window_goes_first() -> None:
    listed = {"data": [{"id": MODEL, "context_length": 1}]}
    async with stage() as on:
        on.ctx.window = 8000
        on.provider.intercept(lambda _: json_answer(200, listed))
        await exchanges.models(on.ctx)
        assert on.ctx.window == 8000


async def test_a_refusal_that_names_nothing_is_not_tried_again() -> None:
    async with stage() as on:
        on.provider.intercept(lambda _: json_answer(400, {"error": {"message": "no"}}))
        await exchanges.text_stream(on.ctx)
        assert len(on.provider.requests) == 1
