"""What all exchanges share: budgets of the moment, and who is capped."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest

from faregate.core.holds import Held
from faregate.core.identity import Identity
from faregate.core.labels import Labels
from faregate.core.limits.budget import BudgetMatcher, BudgetRule
from faregate.core.money import ZERO, Money
from faregate.core.refusal import Refusal, RefusalCode
from faregate.core.routing import Target
from faregate.core.windows import HighWater, WindowKind
from faregate.gateway.health import Down
from faregate.gateway.messages import resting
from tests.gateway.building import CountingLedger, FakeClock
from tests.gateway.gates import SmallGate

TARGET = Target(provider="p", model="m")
DAY = 86_400_000


def who(**more: object) -> Identity:
    cost = more.get("max_cost")
    return Identity(
        session="s",
        root_session="s",
        parent=None,
        labels=Labels(),
        max_cost=cost if isinstance(cost, Money) else None,
        source="token",
    )


@pytest.fixture
def small(ledger: CountingLedger, clock: FakeClock) -> SmallGate:
    return SmallGate(ledger, clock)


def test_a_request_counts_in_the_windows_of_now(
    small: SmallGate, clock: FakeClock
) -> None:
    before = {
        (w.scope, w.window): w
        for w in small.gate.budgets(who(), TARGET, small.gate.clock.now_ms())
    }
    assert before["global", "month"].limit == Money.usd(1)
    clock.pass_by(86_400)
    after = {
        (w.scope, w.window): w
        for w in small.gate.budgets(who(), TARGET, small.gate.clock.now_ms())
    }
    day = ("global", "day")
    assert after[day].starts_at == before[day].starts_at + 86_400


def test_a_clock_that_goes_back_leads_into_no_window_that_has_ended(
    small: SmallGate, clock: FakeClock
) -> None:
    clock.pass_by(30 * 86_400)
    december = small.gate.budgets(who(), TARGET, small.gate.clock.now_ms())
    clock.ms -= 30 * DAY
    assert small.gate.budgets(who(), TARGET, small.gate.clock.now_ms()) == december
    assert small.gate.shared_windows(clock.ms / 1000)[0] in december


def test_nor_does_one_that_was_behind_at_the_start(
    small: SmallGate, clock: FakeClock
) -> None:
    small.gate.high_water = HighWater(clock.ms / 1000 + 40 * 86_400)
    (month,) = (
        w
        for w in small.gate.budgets(who(), TARGET, small.gate.clock.now_ms())
        if w.window == "month"
    )
    assert month.starts_at * 1000 > clock.ms


def test_a_token_can_tighten_its_session_and_never_loosen_it(small: SmallGate) -> None:
    rule = BudgetRule(
        scope_kind="session", window=WindowKind.SESSION, limit=Money.usd(2)
    )
    small.gate.rebudget(BudgetMatcher((rule,), UTC))

    def limit(cost: Money | None) -> Money | None:
        windows = small.gate.budgets(
            who(max_cost=cost), TARGET, small.gate.clock.now_ms()
        )
        return next(w.limit for w in windows if w.window == "session")

    assert limit(None) == Money.usd(2)
    assert limit(Money.usd(1)) == Money.usd(1)
    assert limit(Money.usd(3)) == Money.usd(2)


def test_only_the_newest_that_met_a_full_budget_are_remembered(
    small: SmallGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("faregate.gateway.gate.REMEMBERED", 3)
    (month,) = (
        s
        for s in small.gate.ledger.states(
            small.gate.budgets(who(), TARGET, small.gate.clock.now_ms())
        )
        if s.budget.window == "month"
    )
    for number in (0, 1, 2, 0, 3):
        budget = replace(month.budget, scope=f"task:{number}")
        full = Refusal(
            code=RefusalCode.BUDGET_EXCEEDED,
            message="full",
            blocking=(replace(month, budget=budget),),
        )
        small.gate.refused(full, replace(who(), session=f"s{number}"))
    assert list(small.gate.capped) == ["s2", "s0", "s3"]
    assert [b.scope for b in small.gate.refusing] == ["task:2", "task:0", "task:3"]


def test_a_session_is_capped_until_something_fits(small: SmallGate) -> None:
    states = small.gate.ledger.states(
        small.gate.budgets(who(), TARGET, small.gate.clock.now_ms())
    )
    full = Refusal(
        code=RefusalCode.BUDGET_EXCEEDED, message="full", blocking=tuple(states)
    )
    small.gate.refused(full, who())
    assert small.gate.is_capped("s")
    assert all(small.gate.is_refusing(s.budget) for s in states)
    held = Held(attempt="a", amount=ZERO, states=tuple(states))
    small.gate.admitted("s", held)
    assert not small.gate.is_capped("s")
    assert not any(small.gate.is_refusing(s.budget) for s in states)


@pytest.mark.parametrize(
    ("code", "kind", "counted"),
    [
        (RefusalCode.BUDGET_EXCEEDED, "capped", 1),
        (RefusalCode.UNPRICED_MODEL, "refused", 1),
        (RefusalCode.UPSTREAM_TIMEOUT, "error", 0),
        (RefusalCode.SHUTTING_DOWN, "error", 0),
        # The provider is to blame, but it was the gate that sent nothing.
        (RefusalCode.PROVIDER_RESTING, "error", 1),
    ],
)
def test_refusals_are_counted_and_faults_are_not(
    code: RefusalCode, kind: str, counted: int, small: SmallGate
) -> None:
    small.gate.refused(Refusal(code=code, message="why"), who())
    assert small.kinds() == [kind]
    assert small.ledger.calls["record_refusal"] == counted


def test_what_was_sent_is_counted_as_a_request_and_not_once_more(
    small: SmallGate,
) -> None:
    stopped = Refusal(code=RefusalCode.STOPPED, message="a person stopped it")
    small.gate.refused(stopped, who(), sent=True)
    assert small.kinds() == ["refused"]
    assert small.ledger.calls["record_refusal"] == 0


def test_refusals_of_one_full_window_are_about_the_same(small: SmallGate) -> None:
    windows = small.gate.budgets(who(), TARGET, small.gate.clock.now_ms())
    states = tuple(small.gate.ledger.states(windows))
    full = Refusal(
        code=RefusalCode.BUDGET_EXCEEDED, message="full", blocking=states[:1]
    )
    other = replace(full, blocking=states[1:])
    for number, refusal in enumerate((full, full, other)):
        small.gate.refused(refusal, replace(who(), session=f"s{number}"))
    small.gate.refused(Refusal(code=RefusalCode.PAUSED, message="no"), who())
    first, again, second, paused = small.gate.events.since(0)
    assert first.about == again.about != second.about
    assert first.about is not None
    assert second.about is not None
    assert paused.about is None


def test_refusals_of_one_that_rests_are_about_the_same(small: SmallGate) -> None:
    for number, provider in enumerate("ppq"):
        down = Down("it cannot be reached", 20.0 - number)
        refusal = resting({replace(TARGET, provider=provider): down}, 0.0)
        small.gate.refused(refusal, who())
    first, again, other = small.gate.events.since(0)
    assert first.text != again.text
    assert (first.about, again.about, other.about) == ("p/m", "p/m", "q/m")


def test_a_client_that_hung_up_is_no_news(small: SmallGate) -> None:
    gone = Refusal(code=RefusalCode.INTERNAL, message="the client hung up")
    small.gate.refused(gone, who(), hung_up=True)
    assert small.kinds() == []
