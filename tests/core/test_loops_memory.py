"""What is remembered of a conversation, and that none is too odd to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.core.loops.memory import MOST_MESSAGES, TurnMemory
from faregate.core.loops.registry import find_loop
from faregate.core.loops.turns import read_turns
from faregate.core.transcript import Item, Said, ToolCall, ToolResult
from tests.core.talks import REPEATS, Talk, turns_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.core.transcript import Transcript


def growing() -> Iterator[list[Transcript]]:
    talk = Talk()
    for number in range(40):
        talk.shell(f"step {number % 7}", f"result {number % 3}")
        yield list(talk.messages)


def test_a_conversation_read_piece_by_piece_has_the_same_turns() -> None:
    memory = TurnMemory()
    for now, messages in enumerate(growing()):
        parts = [hash(message) for message in messages]
        start = memory.align(parts)
        assert len(messages) - start <= 4
        memory.take(parts, read_turns(messages[start:]), float(now))

        assert memory.since(0.0) == turns_of(messages)


def test_turns_that_are_too_old_do_not_count() -> None:
    memory = TurnMemory()
    for now, messages in enumerate(growing()):
        parts = [hash(message) for message in messages]
        memory.take(parts, read_turns(messages[memory.align(parts) :]), float(now))

    assert len(memory.since(35.0)) == 5


def test_a_conversation_that_was_shortened_is_read_anew() -> None:
    memory = TurnMemory()
    talk = Talk()
    for _ in range(20):
        talk.shell("make", "boom")
    parts = list(range(len(talk.messages)))
    memory.take(parts, read_turns(talk.messages), 0.0)

    assert memory.align([-1, *parts[10:]]) == 0
    assert memory.since(0.0) == ()


def test_of_a_long_unknown_conversation_only_the_end_is_read() -> None:
    assert TurnMemory().align(range(1000)) == 1000 - MOST_MESSAGES


def test_what_was_forgotten_is_not_read_again() -> None:
    memory = TurnMemory()
    talk = Talk()
    for _ in range(REPEATS):
        talk.shell("make", "boom")
    parts = list(range(len(talk.messages)))
    memory.take(parts, read_turns(talk.messages), 0.0)
    assert find_loop(memory.since(0.0), REPEATS) is not None

    memory.forget(parts)
    talk.shell("make", "boom")
    parts = list(range(len(talk.messages)))
    memory.take(parts, read_turns(talk.messages[memory.align(parts) :]), 1.0)

    assert len(memory.since(0.0)) == 1


items = st.one_of(
    st.builds(
        ToolCall,
        id=st.sampled_from(["", "a", "b"]),
        name=st.sampled_from(["", "Bash", "browser_press", "read"]),
        arguments=st.one_of(
            st.text(max_size=30),
            st.sampled_from(
                [
                    '{"command": null}',
                    '{"command": ["ls", {"a": [1.5, true]}]}',
                    '{"file_path": 7}',
                    "[]",
                    "{",
                    '{"a": 1e999}',
                ]
            ),
        ),
    ),
    st.builds(
        ToolResult,
        call_id=st.sampled_from(["", "a", "b"]),
        text=st.text(max_size=30),
        is_error=st.booleans(),
    ),
    st.builds(
        Said,
        role=st.sampled_from(["user", "assistant", "system"]),
        text=st.text(max_size=10),
    ),
)


@settings(max_examples=60, deadline=None)
@given(block=st.lists(st.lists(items, max_size=3), max_size=6), times=st.integers(1, 8))
def test_no_conversation_is_too_odd(block: list[list[Item]], times: int) -> None:
    messages = [tuple(message) for message in block] * times
    turns = turns_of(messages)
    loop = find_loop(turns, 2)

    assert len(turns) <= len(messages)
    assert loop is None or loop.times >= 2
