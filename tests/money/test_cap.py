"""Two hundred requests at once against a $1.00 cap at $0.05 each.

The oracle is the provider's own bill. Each request may cost a hair more than it does,
so nineteen fit beside each other and the twentieth does not.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from faregate.core.money import Money
from faregate.gateway.settings import Patience
from faregate.smoke.simulated.rates import BillRates, Counts
from faregate.smoke.simulated.server import SimulatedProvider
from faregate.smoke.simulated.settings import SimulatorSettings
from tests.money.calls import (
    FIVE_CENTS,
    RATES,
    Client,
    Got,
    Sampler,
    booked,
    chat,
    client_of,
    until,
)
from tests.running import MODEL, RunningGate, running_gate

MANY = 200
CAP = Money.usd(1)
DEAR_INPUT = """
[prices."sim/in"]
input = 4.0
output = 10.0
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is sent, and what each request costs: five cents."""

    model: str = MODEL
    usage: Counts = FIVE_CENTS
    bound: int | None = 4_000
    stream: bool = False
    leave_after: int | None = None
    """Bytes after which the client hangs up."""
    own_key: bool = False
    budget: str = ""
    each_provider: str = ""
    on_disconnect: Any = "stop"
    patience: Patience = field(default_factory=lambda: Patience(look=0.02))
    most: int = 20
    """How many may reach the provider: more where each costs less than it holds."""

    @property
    def body(self) -> dict[str, Any]:
        body = chat(model=self.model, text="x" * 9_930, stream=self.stream)
        return body if self.bound is None else {**body, "max_tokens": self.bound}


UNBOUNDED = Counts(input=10_000, output=1_000)
LOADS = {
    "whole": Load(),
    "stream": Load(stream=True),
    "whole, no bound": Load(model="sim/in", usage=UNBOUNDED, bound=None),
    "stream, no bound": Load(model="sim/in", usage=UNBOUNDED, bound=None, stream=True),
    "own key": Load(own_key=True),
    "own key, stream": Load(own_key=True, stream=True),
    "own key, no bound": Load(
        model="sim/in", usage=UNBOUNDED, bound=None, own_key=True
    ),
    "refuse when tight": Load(budget='on_tight = "refuse"'),
    "refuse when tight, stream": Load(budget='on_tight = "refuse"', stream=True),
    "clamp when tight": Load(
        model="sim/in", usage=UNBOUNDED, bound=1_000, budget='on_tight = "clamp"'
    ),
    "hang up, provider stops": Load(stream=True, leave_after=1),
    "hang up, provider finishes": Load(
        stream=True, leave_after=1, on_disconnect="finish"
    ),
    "hang up, billed as seen": Load(
        stream=True,
        leave_after=1,
        each_provider='on_abort = "observed"',
        patience=Patience(look=0.01, drain=0.02),
        most=MANY,
    ),
    "hang up, no time to drain": Load(
        stream=True,
        leave_after=1,
        on_disconnect="finish",
        patience=Patience(look=0.01, drain=0.02),
    ),
}


@pytest.mark.parametrize("name", LOADS)
async def test_two_hundred_at_once_never_pass_the_cap(
    name: str, tmp_path: Path
) -> None:
    load = LOADS[name]
    async with (
        _gate(tmp_path, load) as gate,
        client_of(gate, own_key=load.own_key) as client,
    ):
        async with Sampler(gate) as sampler:
            await asyncio.gather(*(_send(client, load) for _ in range(MANY)))
            await gate.settled()
        _check(gate, sampler)
        assert 19 <= len(gate.provider.generations) <= load.most
        assert sampler.changes >= 2 * 19


async def test_who_is_refused_is_told_at_once_and_why(tmp_path: Path) -> None:
    load = Load()
    async with _gate(tmp_path, load) as gate, client_of(gate) as client:
        answers = await asyncio.gather(*(_send(client, load) for _ in range(30)))
        refused = [got for got in answers if got.status != 200]
        assert len(refused) == 11
        for got in refused:
            assert got.status == 400
            assert got.code == "budget_exceeded"
            assert got.headers["x-should-retry"] == "false"
            error = got.json["error"]
            assert error["code"] == "budget_exceeded"
            assert "Monthly budget" in error["message"]


async def test_a_clamped_request_is_sent_with_the_bound_that_is_held(
    tmp_path: Path,
) -> None:
    load = Load(budget='on_tight = "clamp"')
    async with _gate(tmp_path, load) as gate, client_of(gate) as client:
        async with Sampler(gate) as sampler:
            await asyncio.gather(*(_send(client, load) for _ in range(MANY)))
        _check(gate, sampler)
        bounds = [seen.json["max_tokens"] for seen in gate.provider.generations]
        assert len(bounds) >= 19
        assert min(bounds) < 4_000
        assert min(bounds) >= 1_024


async def test_what_hung_up_without_a_drain_counts_in_full(tmp_path: Path) -> None:
    load = LOADS["hang up, no time to drain"]
    async with _gate(tmp_path, load) as gate, client_of(gate) as client:
        await _send(client, load)
        await gate.settled()
        state = gate.month()
        assert not state.spent
        assert Money.usd("0.05") <= state.unknown <= Money.usd("0.0502")
        await until(lambda: gate.provider.bill.rows)


def _gate(home: Path, load: Load) -> Any:
    provider = SimulatedProvider(
        settings=SimulatorSettings(
            first_byte=0.02,
            gap=0.02 if load.leave_after is not None else 0.0,
            usage=load.usage,
            on_disconnect=load.on_disconnect,
        ),
        rates={**RATES, "in": BillRates(input="4", output="10")},
    )
    return running_gate(
        home / "home",
        provider,
        budget=load.budget,
        each_provider=load.each_provider,
        more=DEAR_INPUT,
        patience=load.patience,
    )


async def _send(client: Client, load: Load) -> Got:
    path = "/v1/chat/completions"
    if load.leave_after is None:
        return await client.post(path, load.body)
    await client.leave(path, load.body, after=load.leave_after)
    return Got(status=200)


def _check(gate: RunningGate, sampler: Sampler) -> None:
    state = gate.month()
    assert sampler.most <= CAP
    assert gate.provider.bill.total <= booked(state) <= CAP
    assert not state.held
    assert gate.daemon.gate.admission.waiting == 0
