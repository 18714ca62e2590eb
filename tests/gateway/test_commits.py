"""When the ledger commits: at once, with others of the same turn, or soon."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import apsw
import pytest

from faregate.core.holds import HoldState, LedgerError
from faregate.core.money import ZERO
from faregate.gateway.admission import Admitted
from faregate.ledger.ledger import Ledger
from faregate.ledger.reports import Reports
from tests.gateway.building import Bench, CountingLedger, refused, turn
from tests.ledger.test_replay import failing_writes


def written(bench: Bench) -> int:
    """How many commits there were so far."""
    ledger: Ledger = bench.ledger.ledger
    return ledger._durability._commits


def in_file(bench: Bench) -> dict[str, HoldState]:
    """The open holds as the file has them."""
    reports = Reports.open(bench.ledger.ledger._parts.folder)
    try:
        return {row.attempt: row.state for row in reports.holds()}
    finally:
        reports.close()


@pytest.fixture
async def known(bench: Bench) -> Bench:
    """A bench whose session and windows have their rows."""
    bench.settle(await bench.hold(1), 1)
    return bench


async def test_one_that_is_alone_is_committed_at_once(known: Bench) -> None:
    outcome = known.admission._enter(known.ask(2))
    assert isinstance(outcome, Admitted)
    assert not known.admission.commits.pending
    assert list(in_file(known)) == [outcome.held.attempt]


async def test_those_of_one_turn_share_a_commit(known: Bench) -> None:
    commits, before = known.admission.commits, written(known)
    commits.coming = 5
    tasks = [known.start(1) for _ in range(5)]
    await asyncio.sleep(0)
    assert commits.pending
    assert written(known) == before
    outcomes = await asyncio.gather(*tasks)
    commits.coming = 0
    assert written(known) == before + 1
    assert all(isinstance(outcome, Admitted) for outcome in outcomes)
    assert len(in_file(known)) == 5


async def test_the_last_one_commits_for_all(known: Bench) -> None:
    commits, before = known.admission.commits, written(known)
    commits.coming = 1
    first = known.start(1)
    await asyncio.sleep(0)
    commits.coming = 0
    second = known.admission._enter(known.ask(1))
    assert isinstance(second, Admitted)
    assert written(known) == before + 1
    assert not commits.pending
    assert isinstance(await first, Admitted)
    assert len(in_file(known)) == 2


async def test_a_settlement_is_committed_soon(known: Bench) -> None:
    held = await known.hold(2)
    commits, before = known.admission.commits, written(known)
    settled = commits.settle(known.truth(held, 1))
    assert settled.state is HoldState.SETTLED
    assert written(known) == before
    assert list(in_file(known)) == [held.attempt]
    ledger: Any = known.ledger.ledger
    flushed, flush = asyncio.Event(), ledger.flush

    def told() -> None:
        flush()
        flushed.set()

    ledger.flush = told
    await asyncio.wait_for(flushed.wait(), 10)
    assert in_file(known) == {}
    assert written(known) == before + 1


async def test_one_whose_request_goes_away_meanwhile_is_given_back(
    known: Bench,
) -> None:
    commits = known.admission.commits
    commits.coming = 2
    gone, stays = known.start(1), known.start(2)
    await asyncio.sleep(0)
    gone.cancel()
    outcome = await stays
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert isinstance(outcome, Admitted)
    assert list(in_file(known)) == [outcome.held.attempt]
    assert known.state().held == outcome.held.amount


async def test_one_that_goes_away_in_the_moment_of_the_commit_is_given_back(
    known: Bench,
) -> None:
    known.admission.commits.coming = 1
    gone = known.start(1)
    await asyncio.sleep(0)
    known.admission.commits.write()
    gone.cancel()
    await turn()
    assert gone.cancelled()
    assert in_file(known) == {}
    assert known.state().held == ZERO


async def test_where_nothing_can_be_written_all_are_refused(known: Bench) -> None:
    known.admission.commits.coming = 2
    ledger: Ledger = known.ledger.ledger
    tasks = [known.start(1) for _ in range(2)]
    with failing_writes(ledger):
        outcomes = await asyncio.gather(*tasks)
    assert {refused(outcome).code for outcome in outcomes} == {"ledger_unavailable"}
    assert known.state().held == ZERO
    assert in_file(known) == {}


async def test_who_waits_for_room_is_admitted_once_it_is_written(known: Bench) -> None:
    commits = known.admission.commits
    held = await known.hold(90)
    waiting = known.start(50)
    await turn()
    commits.coming = 1
    known.settle(held, 1)
    outcome = await waiting
    assert isinstance(outcome, Admitted)
    assert list(in_file(known)) == [outcome.held.attempt]


async def test_and_refused_if_it_cannot_be(known: Bench) -> None:
    commits = known.admission.commits
    held = await known.hold(90)
    waiting = known.start(50)
    await turn()
    commits.coming = 1
    known.settle(held, 1)

    def trace(_cursor: object, sql: str, _bindings: object) -> bool:
        if sql.startswith("INSERT INTO attempt"):
            raise apsw.FullError("database or disk is full")
        return True

    connection = known.ledger.ledger._parts.connection
    connection.exec_trace = trace
    outcome = await waiting
    connection.exec_trace = None
    assert refused(outcome).code == "ledger_unavailable"
    assert known.state().held == ZERO


async def test_trouble_of_a_commit_is_the_ledgers_to_tell(known: Bench) -> None:
    counting: CountingLedger = known.ledger
    counting.failing["flush"] = LedgerError("the disk is gone")
    known.admission.commits.write()
    assert counting.calls["flush"] == 1


async def test_nothing_is_left_when_the_ledger_closes(
    known: Bench, tmp_path: Path
) -> None:
    held = await known.hold(2)
    known.admission.commits.settle(known.truth(held, 1))
    known.ledger.ledger.close()
    assert in_file(known) == {}


async def test_a_commit_that_breaks_keeps_nobody_waiting(known: Bench) -> None:
    """What broke is in the log of the loop; each hold is then confirmed by itself."""
    told: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: told.append(context))
    known.admission.commits.coming = 2
    known.ledger.failing["flush"] = RuntimeError("a bug")
    tasks = [known.start(1) for _ in range(2)]
    outcomes = await asyncio.wait_for(asyncio.gather(*tasks), 10)
    assert all(isinstance(outcome, Admitted) for outcome in outcomes)
    assert len(in_file(known)) == 2
    assert [str(each["exception"]) for each in told] == ["a bug"]


async def test_a_hold_whose_commit_breaks_is_given_back(known: Bench) -> None:
    known.admission.commits.coming = 1
    known.ledger.failing["confirm"] = RuntimeError("a bug")
    with pytest.raises(RuntimeError, match="a bug"):
        await known.hold(1)
    assert known.state().held == ZERO
    assert in_file(known) == {}
