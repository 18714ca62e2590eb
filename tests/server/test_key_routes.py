"""A workspace's key: booked to it, refused once it was taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from faregate.control.client import ControlClient
from faregate.control.errors import ControlError
from tests.money.calls import call_of, client_of
from tests.running import RunningGate, running_gate

_T = TypeVar("_T")


async def do(call: Callable[..., _T], *args: Any) -> _T:
    return await asyncio.to_thread(call, *args)


def person_of(gate: RunningGate) -> ControlClient:
    secret = gate.paths.admin_secret.read_text().strip()
    return ControlClient(gate.paths.socket, admin_secret=secret)


async def test_a_key_belongs_to_its_workspace_until_it_is_taken_back(
    tmp_path: Path,
) -> None:
    path, body = call_of("chat", stream=False)
    async with running_gate(tmp_path / "h") as gate, client_of(gate) as client:
        person = person_of(gate)
        made = await do(person.new_key, "web")
        client.headers = {"authorization": f"Bearer {made.token}"}
        assert (await client.post(f"/w/other/s/x{path}", body)).status == 200
        row = gate.daemon.reports.session("x")
        assert row is not None
        assert row.labels.workspace == "web"
        (listed,) = await do(person.keys)
        assert (listed.id, listed.workspace) == (made.id, "web")
        assert made.token not in str(listed)
        # The head that comes again was let in before.
        assert (await client.post(path, body)).status == 200
        await do(person.revoke_key, made.id)
        refused = await client.post(path, body)
        assert refused.status == 401
        assert "taken back" in refused.json["error"]["message"]
        with pytest.raises(ControlError):
            await do(person.revoke_key, "key-nobody")
    async with running_gate(tmp_path / "h") as gate, client_of(gate) as client:
        client.headers = {"authorization": f"Bearer {made.token}"}
        assert (await client.post(path, body)).status == 401


async def test_only_a_person_makes_keys_and_only_for_names(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "h") as gate:
        with pytest.raises(ControlError) as refused:
            await do(ControlClient(gate.paths.socket).new_key, "web")
        assert refused.value.code == "forbidden"
        with pytest.raises(ControlError) as wrong:
            await do(person_of(gate).new_key, "no name")
        assert wrong.value.code == "bad_request"
        assert await do(person_of(gate).keys) == []
