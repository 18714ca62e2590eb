"""Requests that come before the one before them is answered."""

from __future__ import annotations

import asyncio
import json
from unittest import mock

import pytest

from faregate.server import connection
from faregate.smoke.simulated.script import Step
from tests.running import MODEL, RunningGate
from tests.server.wire import connected, head, post

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODY = json.dumps(
    {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}
).encode()


async def test_pipelined_requests_are_answered_in_order_and_bounded(
    gate: RunningGate,
) -> None:
    auth = f"Authorization: Bearer {gate.token}"
    one = head(gate.url, "/v1/models", auth, method="GET")
    two = head(gate.url, "/v1/nothing", auth, method="GET")
    async with connected(gate.url) as wire:
        sending = asyncio.get_running_loop().create_task(wire.send((one + two) * 500))
        statuses = [(await wire.answer()).status for _ in range(1000)]
        await sending
    assert statuses == [200, 404] * 500


async def test_pipelined_generations_run_one_after_another(gate: RunningGate) -> None:
    auth = f"Authorization: Bearer {gate.token}"
    async with connected(gate.url) as wire:
        await wire.send(post(gate.url, BODY, auth) * 20)
        for _ in range(20):
            assert (await wire.answer()).status == 200
    assert gate.provider.peak_in_flight == 1
    assert len(gate.provider.generations) == 20


async def test_a_client_that_leaves_while_pipelining(gate: RunningGate) -> None:
    auth = f"Authorization: Bearer {gate.token}"
    async with connected(gate.url) as wire:
        await wire.send(post(gate.url, BODY, auth) * 50)
        await wire.answer()
    await gate.settled()
    assert len(gate.provider.generations) < 50


async def test_what_is_refused_behind_another_request_is_heard_out_as_well(
    gate: RunningGate,
) -> None:
    gate.provider.script(Step(first_byte=0.3))
    auth = f"Authorization: Bearer {gate.token}"
    large = post(gate.url, b" " * 16 * 1024 * 1024, "Authorization: Bearer fg-wrong")
    with mock.patch.object(connection, "LINGER", 600):
        async with connected(gate.url) as wire:
            await wire.send(post(gate.url, BODY, auth))
            sending = asyncio.get_running_loop().create_task(wire.send(large))
            assert (await wire.answer()).status == 200
            assert (await wire.answer()).status == 401
            assert await wire.rest() == b""
            await sending
