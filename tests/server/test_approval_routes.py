"""Deciding over the control socket: who may, about what, and what it is told."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from faregate.control.approvals import Approve, Deny
from faregate.control.client import ControlClient
from faregate.control.errors import ControlError
from faregate.control.models import NewSession
from faregate.core.money import ZERO
from tests.ledger.building import decisions
from tests.running import RunningGate, running_gate
from tests.server.dialects import DIALECTS, ask
from tests.server.waiting import (
    ASK_ALWAYS,
    desk_of,
    person,
    question,
    until,
    watching,
)

CHAT = DIALECTS["chat"]


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[RunningGate]:
    async with running_gate(tmp_path / "home", more=ASK_ALWAYS) as gate:
        yield gate


async def test_a_person_approves_and_it_is_written_down(gate: RunningGate) -> None:
    client = person(gate)
    sent = asyncio.ensure_future(ask(gate, CHAT))
    case = await question(gate)
    listed = await asyncio.to_thread(client.approvals)
    (view,) = listed.waiting
    assert (view.id, view.kind, view.hash) == (case.id, "request", case.digest)
    assert view.model == "gpt-x"
    assert view.reasons[0].rule == "models"
    assert float(view.at_most) > float(view.estimate) > 0
    assert view.left_s > 0
    assert gate.month().held == ZERO
    await asyncio.to_thread(client.approve, view.id, Approve(hash=view.hash))
    assert (await sent).status == 200
    rows = decisions(gate.daemon.reports)
    assert (rows[0].what, rows[0].after) == ("approval", "approved")
    assert str(os.getpid()) in rows[0].who
    listed = await asyncio.to_thread(client.approvals)
    assert listed.waiting == []
    assert [(d.id, d.decision, d.allowed) for d in listed.decided] == [
        (case.id, "approved", True)
    ]


async def test_a_denial_reaches_the_agent_with_its_reason(gate: RunningGate) -> None:
    sent = asyncio.ensure_future(ask(gate, CHAT))
    case = await question(gate)
    deny = Deny(reason="not\x1b[31m today")
    await asyncio.to_thread(person(gate).deny, case.id, deny)
    answer = await sent
    assert answer.status == 400
    assert answer.json["error"]["code"] == "approval_denied"
    assert "\ufffd[31m today" in answer.json["error"]["message"]
    assert answer.headers["x-should-retry"] == "false"
    assert (await ask(gate, CHAT)).status == 400
    assert gate.provider.requests == []


@pytest.mark.parametrize("verb", ["approve", "deny"])
async def test_what_cannot_be_decided_says_why(gate: RunningGate, verb: str) -> None:
    client = person(gate)
    body = Approve() if verb == "approve" else Deny()

    async def refused(name: str) -> str:
        with pytest.raises(ControlError) as caught:
            await asyncio.to_thread(getattr(client, verb), name, body)
        return caught.value.code

    assert await refused("apr_000000") == "not_found"
    assert await refused("../../v1/holds") == "not_found"
    sent = asyncio.ensure_future(ask(gate, CHAT))
    case = await question(gate)
    wrong = Approve(hash="0") if verb == "approve" else Deny(hash="0")
    with pytest.raises(ControlError) as caught:
        await asyncio.to_thread(getattr(client, verb), case.id, wrong)
    assert caught.value.code == "changed"
    await asyncio.to_thread(client.deny, case.id, Deny())
    await sent
    assert await refused(case.id) == "already_decided"


async def test_what_nobody_decided_in_time_is_over(gate: RunningGate) -> None:
    sent = asyncio.ensure_future(ask(gate, CHAT))
    case = await question(gate)
    desk_of(gate).look(case.deadline)
    assert (await sent).status == 400
    with pytest.raises(ControlError) as caught:
        await asyncio.to_thread(person(gate).approve, case.id, Approve())
    assert caught.value.code == "expired"


async def test_a_client_that_hung_up_is_gone(gate: RunningGate) -> None:
    sent = asyncio.ensure_future(ask(gate, CHAT))
    case = await question(gate)
    sent.cancel()
    await gate.settled()
    assert desk_of(gate).waiting == []
    with pytest.raises(ControlError) as caught:
        await asyncio.to_thread(person(gate).approve, case.id, Approve())
    assert caught.value.code == "gone"
    assert gate.month().held == ZERO


async def test_nobody_but_a_person_decides(gate: RunningGate) -> None:
    plain = ControlClient(gate.paths.socket, admin_secret="wrong")
    sent = asyncio.ensure_future(ask(gate, CHAT))
    case = await question(gate)
    with pytest.raises(ControlError, match="secret is wrong"):
        await asyncio.to_thread(plain.approve, case.id, Approve())
    assert desk_of(gate).waiting == [case]
    # What runs inside a run may neither approve nor deny, with the secret or without.
    client = person(gate)
    grant = await asyncio.to_thread(
        client.new_session, NewSession(agent="codex", pid=os.getpid())
    )
    for decide, body in ((client.approve, Approve()), (client.deny, Deny())):
        with pytest.raises(ControlError) as caught:
            await asyncio.to_thread(decide, case.id, body)  # type: ignore[arg-type]
        assert caught.value.code == "forbidden"
    assert desk_of(gate).waiting == [case]
    await asyncio.to_thread(client.end_session, grant.session)
    await asyncio.to_thread(client.deny, case.id, Deny())
    await sent


async def test_whoever_reads_the_feed_is_told_and_counts(tmp_path: Path) -> None:
    more = '[approvals]\nmodels = "ask"\n'
    async with running_gate(tmp_path, more=more) as gate:
        # Nobody watches: it is decided at once.
        assert (await ask(gate, CHAT)).status == 400
        assert "nobody watches" in (await ask(gate, CHAT)).json["error"]["message"]
        async with watching(gate.paths.socket) as told:
            sent = asyncio.ensure_future(ask(gate, CHAT))
            case = await question(gate)
            await until(lambda: bool(told[-1].approvals))
            assert told[-1].approvals[0].id == case.id
            flight = next(f for f in told[-1].flights if f.state == "waiting")
            assert case.id in (flight.why or "")
            await asyncio.to_thread(person(gate).approve, case.id, Approve())
            assert (await sent).status == 200
            await until(lambda: not told[-1].approvals and bool(told[-1].decided))
        await until(lambda: not gate.daemon.live.watchers)
        assert (await ask(gate, CHAT, {**CHAT.body, "seed": 2})).status == 400


async def test_a_stop_leaves_nobody_waiting(tmp_path: Path) -> None:
    async with running_gate(tmp_path, more=ASK_ALWAYS, drain="60s") as gate:
        sent = asyncio.ensure_future(ask(gate, CHAT))
        await question(gate)
    assert (await sent).status == 503
    # A new process knows nothing of it, and asks again.
    async with running_gate(tmp_path, more=ASK_ALWAYS) as gate:
        assert gate.month().held == gate.month().unknown == ZERO
        sent = asyncio.ensure_future(ask(gate, CHAT))
        case = await question(gate)
        await asyncio.to_thread(person(gate).approve, case.id, Approve(session=True))
        assert (await sent).status == 200
        assert (await ask(gate, CHAT)).status == 200


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/v1/batches", "batch jobs"),
        ("/v1/files", "stored files"),
        ("/v1/fine_tuning/jobs", "fine-tuning jobs"),
        ("/v1/images/generations", "images, audio and video"),
    ],
)
async def test_work_that_nothing_bounds_is_not_served(
    gate: RunningGate, path: str, what: str
) -> None:
    answer = await ask(gate, CHAT, target=path)
    assert answer.status == 404
    assert f"nothing bounds what {what} cost" in answer.json["error"]["message"]
    assert gate.provider.requests == []
