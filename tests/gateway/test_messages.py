"""The sentences that people read, and the words that would mislead agents."""

from __future__ import annotations

import pytest

from faregate.core.facts import RequestFacts, Work
from faregate.core.faults import FaultKind, UpstreamError
from faregate.core.holds import BudgetState, BudgetWindow, LedgerError, NoRoom
from faregate.core.identity import Mismatch
from faregate.core.money import Money
from faregate.core.refusal import Refusal, RefusalCode
from faregate.core.routing import NoTarget, Target
from faregate.gateway import messages
from faregate.gateway.health import Down

TEN = Money.usd(10)
MISLEADING = ("429", "rate limit", "too many requests", "context", "overloaded")


def state(scope: str = "global", window: str = "month", **more: object) -> BudgetState:
    budget = BudgetWindow(
        scope=scope, window=window, ends_at=1_796_083_200, limit=Money.usd(20)
    )
    closed = bool(more.get("closed"))
    return BudgetState(
        budget=budget,
        spent=Money.usd("11.5"),
        held=Money.usd(1),
        unknown=Money.usd("0.5"),
        closed=closed,
    )


def full(*states: BudgetState) -> NoRoom:
    return NoRoom(amount=TEN, blocking=states)


def test_a_full_budget_says_what_is_in_it_and_when_it_resets() -> None:
    refusal = messages.no_room(full(state()))
    assert refusal.message == (
        "Monthly budget reached: $11.50 of $20.00 spent, $1.00 held by running "
        "requests, $0.50 unknown (faregate holds); this request may cost up to $10.00. "
        "Resets 2026-12-01T00:00:00Z. To go on: faregate budget"
    )
    assert (refusal.scope, refusal.window) == ("global", "month")
    assert (refusal.limit, refusal.needed) == (Money.usd(20), TEN)


def test_a_closed_budget_says_that_it_is_closed() -> None:
    refusal = messages.no_room(full(state(), state(closed=True)))
    assert refusal.message.startswith(
        "Monthly budget is closed, with $11.50 of $20.00 spent, since a request came "
        "in dearer than the money held for it"
    )
    assert "raises it or corrects that bill" in refusal.message
    session = messages.no_room(full(state("session:s", "session", closed=True)))
    assert "To go on: a new session" in session.message


@pytest.mark.parametrize(
    ("scope", "window", "name"),
    [
        ("global", "month", "monthly budget"),
        ("global", "day", "daily budget"),
        ("session:run-1", "session", "budget of session run-1"),
        ("workspace:shop", "week", "weekly budget of workspace shop"),
    ],
)
def test_every_budget_has_a_name(scope: str, window: str, name: str) -> None:
    assert messages.budget_name(state(scope, window)) == name


REFUSALS: list[Refusal] = [
    messages.no_room(full(state())),
    messages.no_room(full(state(closed=True))),
    messages.no_room(full()),
    messages.waited([state()], TEN, 30),
    messages.waited([], TEN, 30),
    messages.beyond_measure(TEN),
    messages.queue_full(1_000),
    messages.ledger_failed(LedgerError("the disk is full")),
    messages.mismatch(Mismatch(claimed="a", granted="b")),
    messages.failed("req_1"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda r: r.message[:30])
def test_every_refusal_is_one_line_that_misleads_no_agent(refusal: Refusal) -> None:
    assert "\n" not in refusal.message
    low = refusal.message.lower()
    assert not [word for word in MISLEADING if word in low]


@pytest.mark.parametrize("kind", list(FaultKind))
def test_a_provider_that_broke_is_named(kind: FaultKind) -> None:
    refusal = messages.upstream(UpstreamError(kind, "it broke", sent=True), "p")
    assert refusal.message == "p: it broke"
    assert refusal.extra == {"provider": "p"}
    assert refusal.code in {
        RefusalCode.UPSTREAM_BROKEN,
        RefusalCode.UPSTREAM_TIMEOUT,
        RefusalCode.UPSTREAM_UNREACHABLE,
    }


def test_waiting_says_for_what() -> None:
    waits = messages.waiting_for([state()], TEN)
    assert waits == "$10.00 of room in the monthly budget"
    assert messages.waiting_for([], TEN) == "$10.00 of room, behind other requests"


def test_an_instant_is_written_in_utc() -> None:
    assert messages.instant(1_796_083_200) == "2026-12-01T00:00:00Z"
    assert messages.instant(None) is None


def test_a_jump_of_the_clock_is_told_in_hours() -> None:
    assert "2.0 hours ahead" in messages.clock_jumped(7_200_000)
    assert "2.0 hours back" in messages.clock_jumped(-7_200_000)


def test_a_runs_own_budget_says_how_to_give_it_more() -> None:
    full = BudgetState(
        budget=BudgetWindow(
            scope="session:r", window="session", limit=Money.usd(1), of_run=True
        )
    )
    told = messages.no_room(NoRoom(amount=Money.usd(2), blocking=(full,))).message
    assert "--max-cost" in told
    assert "budget set" not in told
    assert 'on_tight = "clamp"' in told


def test_the_budget_of_every_session_says_what_changes_it() -> None:
    full = BudgetState(
        budget=BudgetWindow(scope="session:r", window="session", limit=Money.usd(1))
    )
    told = messages.no_room(NoRoom(amount=Money.usd(2), blocking=(full,))).message
    assert "--max-cost" not in told
    assert "faregate budget set session AMOUNT, or a new session" in told
    assert 'on_tight = "clamp"' in told


def test_a_provider_that_rests_is_named_with_its_time_and_reason() -> None:
    one = Target(provider="p", model="m")
    two = Target(provider="q", model="n", region="us")
    refusal = messages.resting(
        {one: Down("it breaks", 108.4), two: Down("its key was rejected", 700.0)}, 100.0
    )
    assert refusal.code is RefusalCode.PROVIDER_RESTING
    assert refusal.message.startswith(
        "p/m rests for 8 s, because it breaks; q@us/n rests for 600 s, because"
    )
    assert refusal.message.endswith("at once: faregate providers --ask-again")
    assert refusal.retry_after == 8


def test_auto_without_a_route_says_how_to_write_one() -> None:
    refusal = messages.no_target(NoTarget(model="auto"))
    assert 'models = ["auto"]' in refusal.message


def test_a_region_without_the_dialect_is_named() -> None:
    target = Target(provider="p", model="m", region="us")
    facts = RequestFacts(protocol="gemini", work=Work.GENERATION, model="m")
    assert "@us" in messages.not_in_region(target, facts).message


def test_who_lacks_a_price_is_read_from_the_sentence_that_says_so() -> None:
    target = Target(provider="sim", model="org/new:free")
    for refusal in (
        messages.unpriced(target),
        messages.unpriced_part(target, "a tool"),
    ):
        assert messages.lacking_price(refusal.message) == "sim/org/new:free"
    assert messages.lacking_price("the cost has no bound") is None
