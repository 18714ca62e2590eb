"""Bounds and logins that a provider may not take for what they say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from faregate.core.money import ZERO, Money
from faregate.smoke.simulated.settings import ModelLimits
from tests.money.calls import Client, chat, client_of, provider_of
from tests.running import MODEL, RunningGate, running_gate

STATED = """
[models."sim/gpt-x"]
output_field = "max_tokens"
"""


def _known(gate: RunningGate) -> None:
    """Make the provider one whose field its vendor documents."""
    specs: Any = gate.daemon.gate.planner._specs
    specs["sim"] = replace(specs["sim"], output_fields_known=True)


async def _fields(gate: RunningGate, client: Client, **bound: int) -> dict[str, int]:
    got = await client.chat(**bound)
    assert got.status == 200
    sent = gate.provider.generations[-1].json
    return {k: v for k, v in sent.items() if k.startswith("max_")}


@pytest.mark.parametrize("how", ["catalogue", "config"])
async def test_a_bound_moves_to_the_field_that_the_provider_obeys(
    how: str, tmp_path: Path
) -> None:
    more = STATED if how == "config" else ""
    async with running_gate(tmp_path, provider_of(), more=more) as gate:
        if how == "catalogue":
            _known(gate)
        async with client_of(gate) as client:
            sent = await _fields(gate, client, max_completion_tokens=16)
            assert sent == {"max_tokens": 16}
            assert await _fields(gate, client, max_tokens=16) == {"max_tokens": 16}


async def test_where_nothing_is_known_the_callers_field_stays(tmp_path: Path) -> None:
    async with running_gate(tmp_path, provider_of()) as gate, client_of(gate) as client:
        sent = await _fields(gate, client, max_completion_tokens=16)
        assert sent == {"max_completion_tokens": 16}


async def test_a_moved_bound_goes_back_when_the_provider_refuses_it(
    tmp_path: Path,
) -> None:
    provider = provider_of(
        limits={"gpt-x": ModelLimits(output_field="max_completion_tokens")}
    )
    async with running_gate(tmp_path, provider) as gate, client_of(gate) as client:
        _known(gate)
        sent = await _fields(gate, client, max_completion_tokens=16)
        assert sent == {"max_completion_tokens": 16}
        sent = await _fields(gate, client, max_completion_tokens=17)
        assert sent == {"max_completion_tokens": 17}
        assert gate.month().unknown == ZERO


async def test_a_flat_rate_login_pays_for_nothing_elsewhere(tmp_path: Path) -> None:
    async with (
        running_gate(tmp_path, provider_of(), monthly="0.000001") as gate,
        client_of(gate) as client,
    ):
        login = "sk-ant-oat01-canary"
        for headers in (
            {"authorization": f"Bearer {login}"},
            {"authorization": "Bearer sk-own", "x-api-key": login},
        ):
            got = await client.post(
                "/v1/chat/completions", chat(max_tokens=1000), headers=headers
            )
            assert got.code == "budget_exceeded"
        assert not gate.provider.bill.rows


async def test_an_error_teaches_what_to_send_and_never_what_to_hold(
    tmp_path: Path,
) -> None:
    from faregate.core.routing import Target
    from faregate.gateway.learning import Lesson

    async with (
        running_gate(tmp_path, provider_of(), monthly="5") as gate,
        client_of(gate) as client,
    ):
        target = Target(provider="sim", model=MODEL.partition("/")[2])
        planner = gate.daemon.gate.planner
        planner.learn(target, "openai_chat", Lesson(maximum=1_100))
        planner.learn(target, "openai_chat", Lesson(no_field=True))
        held: list[Money] = []
        ledger: Any = gate.daemon.ledger
        hold = ledger.hold

        def noted(request: Any) -> Any:
            held.append(request.amount)
            return hold(request)

        ledger.hold = noted
        assert (await client.chat()).status == 200
        assert held[0] > Money.usd(1)
