"""The cost log over the real control socket, asked by the real client."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from faregate.bookkeeping import Bookkeeping
from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.control.client import ControlClient
from faregate.control.cost_client import CostClient
from faregate.control.cost_log import CorrectCost, Judge
from faregate.control.errors import ControlError
from faregate.control.models import NewSession, SetBudget
from faregate.core.latches import Latch, LatchState
from faregate.smoke.simulated.faults.answers import empty_answer
from faregate.smoke.simulated.script import Step
from faregate.smoke.simulated.server import SimulatedProvider
from tests.running import RunningGate, running_gate
from tests.server.dialects import DIALECTS, ask

CHAT = DIALECTS["chat"]


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[RunningGate]:
    async with running_gate(tmp_path / "home") as gate:
        yield gate


@pytest.fixture
def client(gate: RunningGate) -> CostClient:
    return CostClient(gate.paths.socket)


@pytest.fixture
def person(gate: RunningGate) -> CostClient:
    secret = gate.paths.admin_secret.read_text().strip()
    return CostClient(gate.paths.socket, admin_secret=secret)


async def asked(gate: RunningGate, *, session: str = "run-1") -> str:
    """Ask once and return the request's id, when its row is written."""
    await ask(gate, CHAT, None, f"x-faregate-session: {session}")
    await gate.settled()
    recording = gate.daemon.gate.recording
    assert recording is not None
    recording.flush()
    (row,) = gate.daemon.reports.costs.requests(limit=1)
    return row.request


async def test_what_was_asked_is_read_back(
    gate: RunningGate, client: CostClient
) -> None:
    request = await asked(gate)
    (row,) = await asyncio.to_thread(
        client.requests, session="run-1", since_ms=0, limit=10
    )
    assert (row.id, row.result, row.status) == (request, "answered", 200)
    assert (row.identified_by, row.asked) == ("header", "sim/gpt-x")
    assert (row.provider, row.model, row.attempts) == ("sim", "gpt-x", 1)
    assert row.cost != "0"
    assert row.ttfb_ms is not None
    assert (
        await asyncio.to_thread(client.requests, session="other", since_ms=0, limit=10)
        == []
    )


async def test_a_request_is_explained(gate: RunningGate, client: CostClient) -> None:
    request = await asked(gate)
    told = await asyncio.to_thread(client.explain, request)
    assert told.notes is not None
    steps = [note["step"] for note in told.notes]
    assert told.request.identified_by == "header"
    assert {"limits", "hold", "cost"} <= set(steps)
    (attempt,) = told.attempts
    cost = next(note for note in told.notes if note["step"] == "cost")
    assert cost["amount"] == attempt.cost == told.request.cost
    with pytest.raises(ControlError) as refused:
        await asyncio.to_thread(client.explain, "req_none")
    assert refused.value.code == "not_found"


async def test_sums_pages_and_sessions(gate: RunningGate, client: CostClient) -> None:
    for number in range(3):
        await asked(gate, session=f"run-{number}")
    report = await asyncio.to_thread(client.report, "session", since_ms=0)
    assert {row.key for row in report.rows} == {"run-0", "run-1", "run-2"}
    assert report.total.requests == 3
    first = await asyncio.to_thread(client.attempts, 0, since_ms=0, limit=2)
    assert first.next is not None
    rest = await asyncio.to_thread(client.attempts, first.next, since_ms=0, limit=2)
    assert (len(first.attempts), len(rest.attempts), rest.next) == (2, 1, None)
    page = await asyncio.to_thread(client.sessions, limit=2, before=None)
    assert [each.id for each in page.sessions] == ["run-2", "run-1"]
    last = await asyncio.to_thread(client.sessions, limit=2, before=page.next)
    assert [each.id for each in last.sessions] == ["run-0"]


async def test_every_list_of_sessions_says_the_same_state(
    gate: RunningGate, client: CostClient
) -> None:
    for number in range(4):
        await asked(gate, session=f"run-{number}")
    live = gate.daemon.live
    gate.daemon.gate.governor.latches.put(
        Latch(scope="session:run-1", state=LatchState.PAUSED, at_ms=0, who="me")
    )
    gate.daemon.gate.capped["run-2"] = None
    gate.daemon.ledger.end_session("run-3")
    page = await asyncio.to_thread(client.sessions, limit=9, before=None)
    listed = {each.id: each.state for each in page.sessions}
    assert listed == {each.id: each.state for each in live.status().sessions}
    assert listed == {
        "run-0": "active",
        "run-1": "paused",
        "run-2": "capped",
        "run-3": "ended",
    }


async def test_an_outcome_is_kept_and_told(
    gate: RunningGate, client: CostClient
) -> None:
    await asked(gate)
    await asyncio.to_thread(client.judge, Judge(session="run-1", outcome="accepted"))
    assert gate.daemon.gate.events.since(0)[-1].kind == "outcome"
    report = await asyncio.to_thread(client.report, "session", since_ms=0)
    assert report.rows[0].cost_per_accepted == report.rows[0].cost
    with pytest.raises(ControlError, match="no session"):
        await asyncio.to_thread(client.judge, Judge(session="x", outcome="rejected"))


async def test_no_agent_judges_its_own_work(
    gate: RunningGate, client: CostClient
) -> None:
    await asked(gate)
    control = ControlClient(gate.paths.socket)
    run = await asyncio.to_thread(control.new_session, NewSession(pid=os.getpid()))
    said = Judge(session="run-1", outcome="accepted")
    with pytest.raises(ControlError, match="faregate run") as caught:
        await asyncio.to_thread(client.judge, said)
    assert caught.value.code == "forbidden"
    row = gate.daemon.reports.session("run-1")
    assert row is not None
    assert row.outcome is None
    await asyncio.to_thread(control.end_session, run.session)
    await asyncio.to_thread(client.judge, said)


async def test_a_person_corrects_and_the_budget_follows(
    gate: RunningGate, client: CostClient, person: CostClient
) -> None:
    request = await asked(gate)
    done = await asyncio.to_thread(
        person.correct,
        CorrectCost(attempt=request, amount="0.5", note="the invoice"),
    )
    assert done.after == "0.5"
    assert gate.month().spent.exact() == "0.5"
    told = await asyncio.to_thread(client.explain, request)
    assert (told.request.cost, told.corrections[0].note) == ("0.5", "the invoice")


async def test_nobody_else_corrects(gate: RunningGate, client: CostClient) -> None:
    request = await asked(gate)
    before = gate.month().spent
    with pytest.raises(ControlError) as refused:
        await asyncio.to_thread(
            client.correct, CorrectCost(attempt=request, amount="0", note="x")
        )
    assert refused.value.code == "forbidden"
    assert gate.month().spent == before


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/v1/report?by=mood", Any),
        ("/v1/requests?limit=x", Any),
        ("/v1/requests?limit=99999999", Any),
        ("/v1/attempts?after=-1", Any),
        ("/v1/requests?since_ms=" + "9" * 40, Any),
    ],
)
async def test_nonsense_is_a_bad_request(
    gate: RunningGate, client: CostClient, path: str, shape: Any
) -> None:
    with pytest.raises(ControlError) as refused:
        await asyncio.to_thread(client._get, path, shape)
    assert refused.value.code == "bad_request"


@pytest.mark.parametrize("amount", ["-1", "lots", "nan"])
async def test_an_impossible_amount_is_a_bad_request(
    gate: RunningGate, person: CostClient, amount: str
) -> None:
    asking = CorrectCost(attempt="req_1", amount=amount, note="x")
    with pytest.raises(ControlError) as refused:
        await asyncio.to_thread(person.correct, asking)
    assert refused.value.code == "bad_request"


async def test_the_same_is_read_without_the_proxy(tmp_path: Path) -> None:
    home = tmp_path / "home"
    paths = find_paths({"FAREGATE_HOME": str(home)})
    async with running_gate(home) as gate:
        request = await asked(gate)
        books = Bookkeeping(load(paths), paths)
        live = (
            await asyncio.to_thread(books.requests, session=None, since_ms=0, limit=10),
            await asyncio.to_thread(books.explain, request),
            (await asyncio.to_thread(books.report, "model", since_ms=0)).rows,
            await asyncio.to_thread(lambda: list(books.attempts(since_ms=0))),
        )
    assert (
        books.requests(session=None, since_ms=0, limit=10),
        books.explain(request),
        books.report("model", since_ms=0).rows,
        list(books.attempts(since_ms=0)),
    ) == live
    books.judge(Judge(session="run-1", outcome="accepted"))
    assert books.sessions(limit=1).sessions[0].outcome == "accepted"


async def test_what_runs_is_written_when_the_proxy_stops(tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with running_gate(home) as gate:
        await ask(gate, CHAT)
    paths = find_paths({"FAREGATE_HOME": str(home)})
    (row,) = Bookkeeping(load(paths), paths).requests(
        session=None, since_ms=0, limit=10
    )
    assert row.result == "answered"


async def test_a_provider_that_takes_no_connection_is_in_error(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        async with running_gate(tmp_path / "home", url=url) as gate:
            await ask(gate, CHAT)
            client = ControlClient(gate.paths.socket)
            status = await asyncio.to_thread(client.status)
    (provider,) = status.providers
    assert (provider.name, provider.error_rate_1h) == ("sim", 1.0)
    assert provider.last_error == "connection refused or no route"
    (session,) = status.sessions
    assert session.last_error == "connection refused or no route"


async def test_a_verdict_reaches_the_routes(
    gate: RunningGate, client: CostClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asked(gate)
    heard: list[tuple[str, bool]] = []
    monkeypatch.setattr(
        gate.daemon.gate.routes,
        "judged",
        lambda session, *, accepted: heard.append((session, accepted)),
    )
    for outcome in ("rejected", "accepted"):
        judged = Judge(session="run-1", outcome=outcome)
        await asyncio.to_thread(client.judge, judged)
    assert heard == [("run-1", False), ("run-1", True)]


CHEAP_FIRST = """
[prices."sim/dear"]
input = 10.0
output = 100.0
[routes.cheap]
models = ["cheap"]
targets = ["sim/gpt-x", "sim/dear"]
escalate_on = ["empty"]
validate = true
"""


async def test_a_route_shows_what_was_wasted_and_escalated(tmp_path: Path) -> None:
    provider = SimulatedProvider()
    provider.script(Step(fault=empty_answer()))
    async with running_gate(tmp_path / "home", provider, more=CHEAP_FIRST) as gate:
        body = {**CHAT.body, "model": "cheap"}
        for _ in range(2):
            answer = await ask(gate, CHAT, body, "x-faregate-session: run-1")
            assert answer.status == 200
        request = await asked(gate)
        client = CostClient(gate.paths.socket)
        report = await asyncio.to_thread(client.report, "route", since_ms=0)
        rows = await asyncio.to_thread(
            client.requests, session="run-1", since_ms=0, limit=9
        )
        first = rows[-1]
        told = await asyncio.to_thread(client.explain, first.id)
    route = next(row for row in report.rows if row.key == "cheap")
    assert (route.requests, route.attempts) == (2, 3)
    assert (first.attempts, first.escalation) == (2, "empty")
    bad, good = told.attempts
    assert (bad.waste, bad.wasted, bad.model) == ("empty", True, "gpt-x")
    assert (good.cause, good.model) == ("escalation:empty", "dear")
    assert route.wasted == bad.cost != "0"
    assert route.escalation_rate >= 0.5
    assert first.id != request


async def test_who_decided_what_is_told(gate: RunningGate, person: CostClient) -> None:
    await asyncio.to_thread(
        person.set_budget, SetBudget(scope="global", window="month", limit="3")
    )
    await asyncio.to_thread(person.pause, "all")
    (paused, cap) = await asyncio.to_thread(person.audit, since_ms=0, limit=10)
    mine = f"uid {os.getuid()} pid {os.getpid()}"
    assert (paused.what, paused.subject, paused.who) == ("paused", "all", mine)
    assert (cap.what, cap.subject, cap.after) == ("limit", "global month", "3")
    assert await asyncio.to_thread(person.audit, since_ms=2**49, limit=10) == []
