"""The counters of sessions: loaded once, begun anew after a long silence."""

from __future__ import annotations

from faregate.core.limits.limit import Wish
from faregate.core.limits.totals import SessionTotals
from faregate.core.money import Money
from faregate.gateway.session_state import QUIET_S, Passage, SessionStates
from tests.gateway.building import NOW_MS, FakeClock
from tests.gateway.gates import FakeGoverning

WISH = Wish(input=10, output=20, output_least=20, cost=Money.usd("1"))


def states() -> tuple[SessionStates, FakeGoverning, FakeClock]:
    ledger, clock = FakeGoverning(), FakeClock()
    return SessionStates(ledger, clock), ledger, clock


def test_what_an_earlier_process_counted_is_counted_on() -> None:
    kept, ledger, _clock = states()
    ledger.sums["s"] = SessionTotals(
        started_at_ms=NOW_MS - 90_000,
        last_at_ms=NOW_MS - 10_000,
        requests=7,
        retries=2,
        input_tokens=100,
        output_tokens=50,
        tool_calls=3,
    )
    state = kept.of("s", lasting=True)
    counters = state.counters
    assert (counters.requests, counters.retries, counters.tool_calls) == (7, 2, 3)
    assert (counters.input_tokens, counters.output_tokens) == (100, 50)
    assert counters.started == 1000.0 - 90.0
    assert kept.of("s", lasting=True) is state


def test_a_name_that_comes_back_after_long_begins_anew() -> None:
    kept, ledger, clock = states()
    ledger.sums["s"] = SessionTotals(
        started_at_ms=0, last_at_ms=NOW_MS - int(QUIET_S * 1000) - 1, requests=900
    )
    assert kept.of("s", lasting=False).counters.requests == 0
    assert ledger.anew == ["s"]
    clock.pass_by(QUIET_S - 1)
    kept.of("s", lasting=False)
    clock.pass_by(QUIET_S - 1)
    kept.of("s", lasting=False)
    assert ledger.anew == ["s"]
    clock.pass_by(QUIET_S + 1)
    kept.of("s", lasting=False)
    assert ledger.anew == ["s", "s"]


def test_a_session_with_a_token_lasts() -> None:
    kept, ledger, clock = states()
    kept.of("s", lasting=True).counters.requests = 5
    clock.pass_by(QUIET_S * 9)
    assert kept.of("s", lasting=True).counters.requests == 5
    assert ledger.anew == []


def test_whose_next_request_counts_as_the_first_is_known_before() -> None:
    kept, _ledger, clock = states()
    quiet, token = kept.of("s", lasting=False), kept.of("t", lasting=True)
    busy = kept.of("b", lasting=False)
    busy.counters.running = 1
    clock.pass_by(QUIET_S - 1)
    assert not quiet.begins_anew(clock.elapsed())
    clock.pass_by(2)
    assert quiet.begins_anew(clock.elapsed())
    assert not token.begins_anew(clock.elapsed())
    assert not busy.begins_anew(clock.elapsed())


def test_what_a_request_might_use_becomes_what_it_used() -> None:
    kept, _ledger, _clock = states()
    state = kept.of("s", lasting=True)
    passage = Passage(state, WISH)
    counters = state.counters
    assert (counters.running, counters.requests) == (1, 1)
    assert (counters.input_held, counters.output_held) == (10, 20)
    passage.attempts, passage.input_tokens, passage.output_tokens = 2, 4, 5
    passage.tool_calls, passage.pico = 3, 7
    passage.leave(1000.0)
    assert (counters.running, counters.requests, counters.retries) == (0, 1, 1)
    assert (counters.input_held, counters.output_held, counters.cost_held) == (0, 0, 0)
    assert (counters.input_tokens, counters.output_tokens) == (4, 5)
    assert counters.tool_calls == 3
    assert (counters.minute.tokens, counters.minute.pico) == (9, 7)


def test_a_request_that_set_no_money_aside_never_was() -> None:
    kept, _ledger, _clock = states()
    state = kept.of("s", lasting=True)
    passage = Passage(state, Wish(input=1, output=1, output_least=1, client_retry=True))
    assert state.counters.retries == 1
    passage.leave(1000.0)
    assert (state.counters.requests, state.counters.retries) == (0, 0)


def test_a_repeat_that_runs_counts_after_beginning_anew() -> None:
    kept, _ledger, _clock = states()
    state = kept.of("s", lasting=True)
    state.counters.retries = 7
    passage = Passage(state, Wish(input=1, output=1, output_least=1, client_retry=True))
    kept.begin_anew("s")
    assert state.counters.retries == 1
    passage.attempts = 1
    passage.leave(1000.0)
    assert (state.counters.retries, state.counters.retries_running) == (1, 0)


def test_beginning_anew_keeps_what_runs() -> None:
    kept, _ledger, _clock = states()
    state = kept.of("s", lasting=True)
    state.counters.requests = 40
    passage = Passage(state, WISH)
    kept.begin_anew("s")
    assert (state.counters.requests, state.counters.running) == (1, 1)
    passage.leave(1000.0)
    assert (state.counters.requests, state.counters.running) == (0, 0)
    assert state.counters.input_held == 0
    kept.begin_anew("unheard of")
    assert kept.known("unheard of") is None


def test_the_oldest_sessions_are_forgotten_but_never_one_that_runs() -> None:
    kept = SessionStates(FakeGoverning(), FakeClock(), kept=3)
    Passage(kept.of("running", lasting=True), WISH)
    for number in range(9):
        kept.of(f"s{number}", lasting=True)
    assert len(list(kept)) == 3
    assert kept.known("running") is not None
    assert kept.known("s8") is not None
    assert kept.known("s0") is None
