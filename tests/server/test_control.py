"""What a person and a run may ask of a running proxy, over its real socket."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from faregate.control.client import ControlClient
from faregate.control.errors import ControlError
from faregate.control.models import NewSession, ResolveHold, SetBudget
from faregate.core.labels import Labels
from faregate.core.money import Money
from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.rates import Counts
from faregate.smoke.simulated.script import Step
from tests.ledger.building import decisions
from tests.running import RunningGate, running_gate
from tests.server.dialects import DIALECTS, ask

CHAT = DIALECTS["chat"]


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[RunningGate]:
    async with running_gate(tmp_path / "home") as gate:
        yield gate


@pytest.fixture
def client(gate: RunningGate) -> ControlClient:
    return ControlClient(gate.paths.socket)


def as_person(gate: RunningGate) -> ControlClient:
    secret = gate.paths.admin_secret.read_text().strip()
    return ControlClient(gate.paths.socket, admin_secret=secret)


async def test_a_session_has_a_token_of_its_own(
    gate: RunningGate, client: ControlClient
) -> None:
    asked = NewSession(agent="codex", workspace="acme", task="t-1", max_cost="0.5")
    grant = await asyncio.to_thread(client.new_session, asked)
    assert grant.url == gate.url
    assert grant.session.startswith("codex-")
    assert (await ask(gate, CHAT, token=grant.token)).status == 200
    row = gate.daemon.reports.session(grant.session)
    assert row is not None
    assert row.labels == Labels(agent="codex", workspace="acme", task="t-1")
    # Its own cap counts beside the month's.
    answer = await ask(gate, CHAT, CHAT.with_bound(60_000), token=grant.token)
    CHAT.assert_refusal(answer, 400)
    assert answer.error["scope"] == f"session:{grant.session}"
    assert answer.error["limit"] == "0.5"


@pytest.mark.parametrize("used", [True, False], ids=["used", "never-used"])
async def test_an_ended_session_stays_ended_after_a_restart(
    tmp_path: Path, used: bool
) -> None:
    home = tmp_path / "home"
    async with running_gate(home) as gate:
        client = ControlClient(gate.paths.socket)
        grant = await asyncio.to_thread(client.new_session, NewSession(agent="codex"))
        if used:
            assert (await ask(gate, CHAT, token=grant.token)).status == 200
        await asyncio.to_thread(client.end_session, grant.session)
        answer = await ask(gate, CHAT, token=grant.token)
        assert answer.error["code"] == "stopped"
    async with running_gate(home) as gate:
        answer = await ask(gate, CHAT, token=grant.token)
        CHAT.assert_refusal(answer, 400)
        assert answer.error["code"] == "stopped"


@pytest.mark.parametrize("name", ["", "a b", "../x", "\x1b[2J", "x" * 129])
async def test_a_session_is_not_labelled_with_what_is_no_name(
    client: ControlClient, name: str
) -> None:
    for asked in (NewSession(agent=name), NewSession(task=name)):
        with pytest.raises(ControlError, match="must be 1 to 128") as caught:
            await asyncio.to_thread(client.new_session, asked)
        assert caught.value.code == "bad_request"


@pytest.mark.parametrize("cost", ["-1", "NaN", "a lot", "1e30", ""])
async def test_a_session_costs_an_amount_of_money(
    client: ControlClient, cost: str
) -> None:
    with pytest.raises(ControlError) as caught:
        await asyncio.to_thread(client.new_session, NewSession(max_cost=cost))
    assert caught.value.code == "bad_request"


async def test_a_run_can_only_be_the_askers_own(
    gate: RunningGate, client: ControlClient
) -> None:
    with pytest.raises(ControlError, match="was not started by"):
        await asyncio.to_thread(client.new_session, NewSession(pid=os.getppid()))
    grant = await asyncio.to_thread(client.new_session, NewSession(pid=os.getpid()))
    person = as_person(gate)
    raised = SetBudget(scope="global", window="month", limit="50")
    for asked in (person, client):
        with pytest.raises(ControlError, match="faregate run") as caught:
            await asyncio.to_thread(asked.set_budget, raised, confirmed=True)
        assert caught.value.code == "forbidden"
        with pytest.raises(ControlError, match="faregate run"):
            await asyncio.to_thread(asked.shutdown)
    # Lowering is free, and ending the run gives the person his word back.
    lower = SetBudget(scope="global", window="month", limit="0.9")
    await asyncio.to_thread(client.set_budget, lower)
    await asyncio.to_thread(client.end_session, grant.session)
    await asyncio.to_thread(person.set_budget, raised)
    assert gate.month().budget.limit == Money.usd(50)


async def test_a_child_of_a_run_cannot_raise_its_cap(
    gate: RunningGate, client: ControlClient
) -> None:
    """A real process below a registered one, with the secret and a shell's means."""
    await asyncio.to_thread(client.new_session, NewSession(pid=os.getpid()))
    code = (
        "import sys; from pathlib import Path\n"
        "from faregate.control.client import ControlClient\n"
        "from faregate.control.models import SetBudget\n"
        "from faregate.control.errors import ControlError\n"
        "try: ControlClient(Path(sys.argv[1])).set_budget(\n"
        "    SetBudget(scope='global', window='month', limit=None), confirmed=True)\n"
        "except ControlError as error: print(error.code)\n"
        "else: print('raised')\n"
    )
    environment = {
        **os.environ,
        "FAREGATE_ADMIN_SECRET": gate.paths.admin_secret.read_text().strip(),
    }
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", code, str(gate.paths.socket)],
        capture_output=True,
        text=True,
        env=environment,
        start_new_session=True,
        check=True,
    )
    assert done.stdout.split() == ["forbidden"], done.stderr
    assert gate.month().budget.limit == Money.usd(1)


@pytest.mark.parametrize("max_cost", [None, "2"], ids=["free", "limited"])
async def test_no_session_is_had_beside_a_run(
    gate: RunningGate, client: ControlClient, max_cost: str | None
) -> None:
    asked = NewSession(pid=os.getpid(), max_cost=max_cost)
    grant = await asyncio.to_thread(client.new_session, asked)
    before = len(gate.daemon.reports.sessions())
    for nested in (NewSession(), NewSession(pid=os.getpid())):
        with pytest.raises(ControlError, match="faregate env") as caught:
            await asyncio.to_thread(client.new_session, nested)
        assert caught.value.code == "forbidden"
    assert len(gate.daemon.reports.sessions()) == before
    await asyncio.to_thread(client.end_session, grant.session)
    await asyncio.to_thread(client.new_session, NewSession())


async def test_inside_a_run_no_other_session_can_be_ended(
    gate: RunningGate, client: ControlClient
) -> None:
    other = await asyncio.to_thread(client.new_session, NewSession())
    own = await asyncio.to_thread(client.new_session, NewSession(pid=os.getpid()))
    for session in (other.session, "nobody"):
        with pytest.raises(ControlError, match="faregate run") as caught:
            await asyncio.to_thread(client.end_session, session)
        assert caught.value.code == "forbidden"
    assert (await ask(gate, CHAT, token=other.token)).status == 200
    await asyncio.to_thread(client.end_session, own.session)
    assert (await ask(gate, CHAT, token=own.token)).error["code"] == "stopped"
    await asyncio.to_thread(client.end_session, other.session)
    assert (await ask(gate, CHAT, token=other.token)).error["code"] == "stopped"


async def test_what_an_overrun_closed_is_opened_by_a_person_alone(
    gate: RunningGate, client: ControlClient
) -> None:
    grant = await asyncio.to_thread(client.new_session, NewSession(max_cost="0.5"))
    gate.provider.script(Step(usage=Counts(input=50_000, output=100)))
    await ask(gate, CHAT, CHAT.with_bound(100), token=grant.token)
    scope = f"session:{grant.session}"
    closed = {w.scope for w in gate.daemon.ledger.closed_windows()}
    assert {"global", scope} <= closed
    opened = SetBudget(scope=scope, window="session", limit="90000")
    with pytest.raises(ControlError) as caught:
        await asyncio.to_thread(client.set_budget, opened)
    assert caught.value.code == "forbidden"
    assert scope in {w.scope for w in gate.daemon.ledger.closed_windows()}


async def test_lowering_is_free_and_raising_needs_a_person(
    gate: RunningGate, client: ControlClient
) -> None:
    lower = SetBudget(scope="global", window="month", limit="0.5")
    await asyncio.to_thread(client.set_budget, lower)
    assert gate.month().budget.limit == Money.usd("0.5")
    new = SetBudget(scope="agent:codex", window="day", limit="3")
    await asyncio.to_thread(client.set_budget, new)
    for limit in ("0.6", None):
        asked = SetBudget(scope="global", window="month", limit=limit)
        with pytest.raises(ControlError) as caught:
            await asyncio.to_thread(client.set_budget, asked)
        assert caught.value.code == "forbidden"
        await asyncio.to_thread(as_person(gate).set_budget, asked)
    assert gate.month().budget.limit is None
    # What was set outlives the process, and never touches the person's own file.
    assert 'scope = "agent:codex"' in gate.paths.overrides.read_text()
    assert "agent:codex" not in gate.paths.config.read_text()


@pytest.mark.parametrize(
    ("scope", "window", "limit"),
    [
        ("planet", "month", "1"),
        ("agent:", "month", "1"),
        ("global:x", "month", "1"),
        ("agent:\x1b[2J", "month", "1"),
        ("agent:" + "x" * 300, "month", "1"),
        ("global", "fortnight", "1"),
        ("global", "session", "1"),
        ("global", "month", "-1"),
        ("global", "month", "lots"),
        ("global", "month", "NaN"),
        ("global", "month", "1e99"),
    ],
)
async def test_a_budget_that_cannot_be_is_not_written(
    gate: RunningGate, scope: str, window: str, limit: str
) -> None:
    asked = SetBudget(scope=scope, window=window, limit=limit)
    with pytest.raises(ControlError) as caught:
        await asyncio.to_thread(as_person(gate).set_budget, asked)
    assert caught.value.code == "bad_request"
    assert not gate.paths.overrides.exists()
    assert decisions(gate.daemon.reports) == ()
    assert gate.month().budget.limit == Money.usd(1)


async def unknown_hold(gate: RunningGate) -> str:
    gate.provider.script(Step(fault=TABLE["reset_before_response"]))
    assert (await ask(gate, CHAT, CHAT.with_bound(1000))).status == 502
    (hold,) = await asyncio.to_thread(ControlClient(gate.paths.socket).holds)
    assert (hold.state, hold.provider) == ("unknown", "sim")
    assert Money.usd(hold.amount) == gate.month().unknown > Money(0)
    return hold.id


@pytest.mark.parametrize("spent", [None, "0.001"])
async def test_a_person_resolves_an_unknown_hold_once(
    gate: RunningGate, client: ControlClient, spent: str | None
) -> None:
    asked = ResolveHold(id=await unknown_hold(gate), spent=spent, note="on the bill")
    with pytest.raises(ControlError) as caught:
        await asyncio.to_thread(client.resolve, asked)
    assert caught.value.code == "forbidden"
    person = as_person(gate)
    await asyncio.to_thread(person.resolve, asked)
    assert gate.month().unknown == Money(0)
    assert gate.month().spent == Money.usd(spent or "0")
    assert await asyncio.to_thread(client.holds) == []
    with pytest.raises(ControlError) as caught:
        await asyncio.to_thread(person.resolve, asked)
    assert caught.value.code == "already_resolved"
    (decision,) = decisions(gate.daemon.reports)
    assert f"pid {os.getpid()}" in decision.who


async def test_a_hold_that_never_was_cannot_be_resolved(gate: RunningGate) -> None:
    for asked in (
        ResolveHold(id="req_none", spent=None),
        ResolveHold(id="' OR 1=1 --", spent="1"),
        ResolveHold(id="req_none", spent="-1"),
    ):
        with pytest.raises(ControlError):
            await asyncio.to_thread(as_person(gate).resolve, asked)


async def test_a_stop_is_answered_before_it_is_done(
    gate: RunningGate, client: ControlClient
) -> None:
    await asyncio.to_thread(client.shutdown)
    assert gate.daemon._stopped.is_set()
