"""Prices that a person sets while the gate runs: from the next request on."""

from __future__ import annotations

import asyncio
import tomllib
from typing import TYPE_CHECKING

import aiohttp
import pytest

from faregate.config.load import load
from faregate.control.client import ControlClient
from faregate.control.errors import ControlError
from faregate.control.prices import PriceChanged, SetPrice
from faregate.core.money import Money
from tests.ledger.building import decisions
from tests.money.calls import call_of, client_of
from tests.running import RunningGate, running_gate

if TYPE_CHECKING:
    from pathlib import Path

    from faregate.control.models import EventView
    from tests.money.calls import Client

NEW = "sim/nobody-knows"


def person_at(gate: RunningGate) -> ControlClient:
    secret = gate.paths.admin_secret.read_text().strip()
    return ControlClient(gate.paths.socket, admin_secret=secret)


async def price(gate: RunningGate, target: str, *prices: str) -> PriceChanged:
    names = ("input", "output", "cached_input")
    asked = SetPrice(target=target, **dict(zip(names, prices, strict=False)))
    return await asyncio.to_thread(person_at(gate).set_price, asked)


async def price_now(gate: RunningGate, target: str) -> str | None:
    told = await asyncio.to_thread(person_at(gate).price, target)
    assert told.target == target
    return told.price


async def events(gate: RunningGate) -> list[EventView]:
    return (await asyncio.to_thread(person_at(gate).snapshot)).events


async def chat(client: Client, model: str = NEW) -> str | None:
    path, body = call_of("chat", stream=False)
    return (await client.post(path, {**body, "model": model})).code


async def listed(gate: RunningGate) -> list[str]:
    async with (
        aiohttp.ClientSession(headers=gate.bearer) as client,
        client.get(f"{gate.url}/v1/models") as answer,
    ):
        return [model["id"] for model in (await answer.json())["data"]]


async def test_a_model_is_listed_as_long_as_it_has_a_price(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "h") as gate:
        before = await listed(gate)
        await price(gate, NEW, "3", "15")
        assert set(await listed(gate)) - set(before) == {NEW}
        await price(gate, NEW)
        assert await listed(gate) == before


async def test_a_model_without_a_price_passes_once_it_has_one(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "h") as gate, client_of(gate) as client:
        assert await chat(client) == "unpriced_model"
        lacks = [each.lacks_price for each in await events(gate)]
        assert lacks[-1] == NEW
        assert await price_now(gate, NEW) is None
        done = await price(gate, NEW, "3", "15", "0.3")
        assert (done.before, done.after) == (None, "$3 in, $15 out")
        assert await price_now(gate, NEW) == "$3 in, $15 out"
        lacks = [each.lacks_price for each in await events(gate)]
        assert lacks[-2:] == [NEW, None]
        assert await chat(client) is None
        # By its bare name too: one provider is known for it now.
        assert await chat(client, "nobody-knows") is None
        spent = gate.month().spent
        assert spent > Money(0)
        written = tomllib.loads(gate.paths.overrides.read_text())
        assert written["prices"][NEW] == {
            "input": 3,
            "output": 15,
            "cached_input": 0.3,
        }
        (event,) = [e for e in gate.daemon.gate.events.since(0) if e.kind == "price"]
        assert event.text.startswith(f"{NEW} costs $3 in, $15 out a million tokens")
        row = decisions(gate.daemon.reports)[0]
        assert (row.what, row.subject, row.before) == ("price", NEW, "none")
        # Taken back, nobody knows it again; what was booked stays.
        assert (await price(gate, NEW)).after is None
        assert await chat(client) == "unpriced_model"
        assert gate.month().spent == spent
        assert load(gate.paths).configured_prices == load(gate.paths).price_overrides


async def test_a_configured_price_comes_back(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "h") as gate:
        assert (await price(gate, "sim/gpt-x", "2", "20")).before == "$1 in, $10 out"
        assert (await price(gate, "sim/gpt-x")).after == "$1 in, $10 out"


async def test_what_is_set_outlives_the_proxy(tmp_path: Path) -> None:
    for start in range(2):
        async with running_gate(tmp_path / "h") as gate, client_of(gate) as client:
            if not start:
                await price(gate, NEW, "3", "15")
            assert await chat(client) is None


@pytest.mark.parametrize(
    ("target", "prices", "said"),
    [
        ("nobody/x", ("1", "2"), "there is no provider"),
        ("bare", ("1", "2"), "is not provider/model"),
        (NEW, ("0", "0"), "would switch the cap off"),
        (NEW, ("1",), "a price of output is missing"),
        (NEW, ("1", "-2"), "is no price in USD per million tokens"),
        ("nobody/x", (), "there is no provider"),
    ],
)
async def test_what_is_wrong_is_said(
    tmp_path: Path, target: str, prices: tuple[str, ...], said: str
) -> None:
    async with running_gate(tmp_path / "h") as gate:
        with pytest.raises(ControlError, match=said) as raised:
            await price(gate, target, *prices)
        assert raised.value.code == "bad_request"
        assert not gate.paths.overrides.exists()


async def test_a_price_needs_a_person(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "h") as gate, client_of(gate) as client:
        anybody = ControlClient(gate.paths.socket)
        asked = SetPrice(target=NEW, input="1", output="2")
        with pytest.raises(ControlError, match="needs a person"):
            await asyncio.to_thread(anybody.set_price, asked)
        assert await chat(client) == "unpriced_model"


async def test_a_price_that_cannot_be_written_down_counts_and_says_so(
    tmp_path: Path,
) -> None:
    async with running_gate(tmp_path / "h") as gate, client_of(gate) as client:
        gate.paths.overrides.write_text("[nonsense]\n")
        with pytest.raises(ControlError, match="until the next start only"):
            await price(gate, NEW, "3", "15")
        assert await chat(client) is None


async def test_nobody_prices_what_is_no_model_of_a_provider(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "h") as gate:
        for target in ("nobody/x", "bare", "sim/", ""):
            assert await price_now(gate, target) is None
