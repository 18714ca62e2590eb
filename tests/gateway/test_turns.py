"""What is remembered between two requests of a session, and for how long."""

from __future__ import annotations

from faregate.core.estimate import KnownTurn
from faregate.core.facts import Conversation
from faregate.core.routing import Target
from faregate.gateway.turns import Failures, Turns

TARGET = Target(provider="p", model="m")


def known(fixed: int, tokens: int = 1) -> KnownTurn:
    return KnownTurn(
        conversation=Conversation(fixed=fixed, parts=(1,), sizes=(10,)),
        body_bytes=10,
        input_tokens=tokens,
        output_tokens=1,
    )


def test_the_last_turn_of_each_conversation_is_known() -> None:
    turns = Turns()
    turns.remember("s", TARGET, known(1, 10))
    turns.remember("s", TARGET, known(2, 20))
    turns.remember("s", TARGET, known(1, 11))
    last = turns.last("s", TARGET, 1)
    assert last is not None
    assert last.input_tokens == 11
    other = turns.last("s", TARGET, 2)
    assert other is not None
    assert other.input_tokens == 20


def test_another_session_or_target_knows_nothing_of_it() -> None:
    turns = Turns()
    turns.remember("s", TARGET, known(1))
    assert turns.last("t", TARGET, 1) is None
    assert turns.last("s", Target(provider="p", model="n"), 1) is None
    assert turns.last("s", TARGET, 3) is None


def test_the_oldest_is_forgotten_first() -> None:
    turns = Turns()
    for fixed in range(5):
        turns.remember("s", TARGET, known(fixed))
    assert turns.last("s", TARGET, 0) is None
    assert turns.last("s", TARGET, 4) is not None
    for number in range(1100):
        turns.remember(f"s{number}", TARGET, known(1))
    assert turns.last("s", TARGET, 4) is None
    assert turns.last("s1099", TARGET, 1) is not None


def test_a_body_that_failed_is_a_retry_until_it_is_answered() -> None:
    failures = Failures()
    assert not failures.is_retry("s", b"one")
    failures.failed("s", b"one")
    assert failures.is_retry("s", b"one")
    assert not failures.is_retry("s", b"two")
    assert not failures.is_retry("t", b"one")
    failures.succeeded("s", b"one")
    failures.succeeded("s", b"one")
    assert not failures.is_retry("s", b"one")


def test_failures_are_not_remembered_for_ever() -> None:
    failures = Failures()
    for number in range(70):
        failures.failed("s", str(number).encode())
    assert not failures.is_retry("s", b"0")
    assert failures.is_retry("s", b"69")
    for number in range(1100):
        failures.failed(f"s{number}", b"x")
    assert not failures.is_retry("s", b"69")
