"""Every refusal of the governor is one line that no agent misreads."""

from __future__ import annotations

import pytest

from faregate.core.latches import Latch, LatchState
from faregate.core.limits.effective import BY_CONFIG, BY_DEFAULT, BY_RUN, NAMES
from faregate.core.limits.limit import Reached
from faregate.core.money import Money
from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway import governor_messages

TABOO = ("429", "rate limit", "too many requests", "context", "overloaded")


def refusals() -> list[Refusal]:
    found = []
    for name in NAMES:
        money = name == "spend_per_minute"
        reached = Reached(
            limit=name,
            most=Money.usd("0.5") if money else 3600.0,
            used=Money.usd("0.4") if money else 3600,
            needed=Money.usd("0.2") if money else 12,
        )
        found += [
            governor_messages.limit_reached(reached, "codex-1", source)
            for source in (BY_DEFAULT, BY_CONFIG, BY_RUN, "[limits.agent.codex]")
        ]
    for scope in ("all", "workspace:web", "session:codex-1"):
        latch = Latch(scope=scope, state=LatchState.PAUSED, at_ms=1, who="me")
        found += [governor_messages.paused(latch), governor_messages.stopped(latch)]
    return found


@pytest.mark.parametrize("refusal", refusals(), ids=lambda r: r.message[:40])
def test_a_sentence_is_one_line_without_words_that_agents_misread(
    refusal: Refusal,
) -> None:
    assert "\n" not in refusal.message
    assert not any(word in refusal.message.lower() for word in TABOO)
    assert "faregate resume" in refusal.message or "raise" in refusal.message


def test_a_limit_says_what_was_reached_and_where_it_is_set() -> None:
    reached = Reached(limit="requests", most=100, used=100)
    refusal = governor_messages.limit_reached(reached, "run-1", BY_RUN)
    assert refusal.code is RefusalCode.LIMIT_EXCEEDED
    assert "run-1 has made its 100 requests" in refusal.message
    assert "faregate limits set requests MORE --session run-1" in refusal.message
    assert refusal.extra["limit_name"] == "requests"
    assert refusal.extra["limit_source"] == BY_RUN
    assert refusal.scope == "session:run-1"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(20, "20s"), (90, "90s"), (1800, "30m"), (14_400, "4h"), (150, "2m30s")],
)
def test_a_time_is_written_as_a_person_does(seconds: float, shown: str) -> None:
    assert governor_messages.duration(seconds) == shown


def test_what_is_waited_for_is_said() -> None:
    reached = Reached(limit="concurrency", most=2, used=2)
    assert governor_messages.waiting_for(reached) == "the limit concurrency = 2"
