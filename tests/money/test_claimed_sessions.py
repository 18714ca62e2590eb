"""A session that another caller claims keeps what its own token says."""

from __future__ import annotations

import asyncio
from pathlib import Path

from faregate.control.client import ControlClient
from faregate.control.models import NewSession
from faregate.smoke.simulated.rates import Counts
from faregate.smoke.simulated.script import Step
from tests.money.calls import Client, chat, client_of, provider_of
from tests.running import RunningGate, running_gate


async def _code(client: Client, gate: RunningGate, headers: dict[str, str]) -> object:
    got = await client.post("/v1/chat/completions", chat(max_tokens=100), headers)
    return got.code


async def test_a_closed_session_is_not_opened_by_a_claim_without_its_limit(
    tmp_path: Path,
) -> None:
    async with (
        running_gate(tmp_path, provider_of(), monthly="5") as gate,
        client_of(gate) as client,
    ):
        control = ControlClient(gate.paths.socket)
        run = await asyncio.to_thread(control.new_session, NewSession(max_cost="1"))
        own = {"authorization": f"Bearer {run.token}"}
        claim = {"x-faregate-session": run.session}
        gate.provider.script(Step(usage=Counts(input=50_000, output=100)))
        assert await _code(client, gate, own) is None
        # A person opens the month again; the session stays closed.
        gate.daemon.ledger.reopen("global", "month", note="seen", who="person")
        for headers in (own, claim, own):
            assert await _code(client, gate, headers) == "budget_exceeded"
