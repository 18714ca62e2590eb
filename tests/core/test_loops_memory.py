"""What is remembered of a conversation, and that none is too odd to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.core.loops.history import History
from faregate.core.loops.memory import MOST_MESSAGES, MOST_TURNS, TurnMemory
from faregate.core.transcript import Item, Said, ToolCall, ToolResult
from tests.core.talks import REPEATS, Talk, Watched, eager_loop, turns_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.core.loops.turns import Turn
    from faregate.core.transcript import Transcript


def growing() -> Iterator[list[Transcript]]:
    talk = Talk()
    for number in range(40):
        talk.shell(f"step {number % 7}", f"result {number % 3}")
        yield list(talk.messages)


def test_a_conversation_seen_piece_by_piece_has_the_same_turns() -> None:
    watched = Watched()
    for messages in growing():
        first = watched.memory.align(tuple(map(hash, messages)))
        assert len(messages) - first <= 3
        watched.loop(messages, REPEATS)

        assert read(watched.memory, messages) == turns_of(messages)


def read(memory: TurnMemory, messages: list[Transcript]) -> tuple[Turn, ...]:
    """Return the turns that are remembered."""
    return tuple(History(memory.since(0.0), lambda part: messages[part]))


def test_turns_that_are_too_old_do_not_count() -> None:
    watched = Watched()
    for now, messages in enumerate(growing()):
        watched.loop(messages, REPEATS, float(now))

    assert len(watched.memory.since(35.0)) == 5


def repeated(times: int) -> Talk:
    talk = Talk()
    for _ in range(times):
        talk.shell("make", "boom")
    return talk


def test_a_conversation_that_was_shortened_is_looked_at_anew() -> None:
    watched, talk = Watched(), repeated(20)
    watched.loop(talk.messages, REPEATS)
    parts = tuple(map(hash, talk.messages))

    assert watched.memory.align((-1, *parts[10:])) == 0
    assert watched.memory.since(0.0) == []
    assert watched.memory.last is None


def test_of_a_long_unknown_conversation_only_the_end_is_looked_at() -> None:
    assert TurnMemory().align(tuple(range(1000))) == 1000 - MOST_MESSAGES


def test_what_was_forgotten_is_not_looked_at_again() -> None:
    watched, talk = Watched(), repeated(REPEATS)
    assert watched.loop(talk.messages, REPEATS) is not None

    watched.memory.skip()
    talk.shell("make", "boom")

    assert watched.loop(talk.messages, REPEATS) is None
    assert len(watched.memory.since(0.0)) == 1


def test_a_last_message_that_was_written_anew_belongs_to_the_same_turn() -> None:
    watched, talk = Watched(), repeated(REPEATS - 1)
    watched.loop(talk.messages, REPEATS, 1.0)
    talk.messages[-1] += (
        Said(role="user", text="<system-reminder>x</system-reminder>"),
    )

    assert watched.memory.align(tuple(map(hash, talk.messages))) == 7
    assert watched.loop(talk.messages, REPEATS, 2.0) is None
    assert watched.memory.since(2.0) == []
    talk.shell("make", "boom")
    assert watched.loop(talk.messages, REPEATS, 3.0) is not None


def test_no_result_is_read_where_each_call_is_another() -> None:
    watched, talk = Watched(), Talk()
    for number in range(60):
        talk.call(f"tool_{number % 7}", f'{{"path": "file_{number}"}}', "the same")
        assert watched.loop(talk.messages, REPEATS) is None

    assert watched.read == []


def test_of_one_tool_with_other_results_only_the_last_two_are_read() -> None:
    watched, talk = Watched(), Talk()
    for number in range(30):
        word = "abcdefghijklmnopqrstuvwxyzabcd"[number]
        text = f"a note: somebody wrote paragraph{word} here, namely section{word}"
        words = f"the rest is quite{word * 3} and very{word * 5} words"
        talk.call("read", f'{{"path": "file_{number}"}}', f"{text}\n{words}")
        before = len(watched.read)
        assert watched.loop(talk.messages, REPEATS) is None
        assert len(watched.read) - before <= 4


def test_of_one_command_run_again_only_its_own_runs_are_read() -> None:
    watched, talk = Watched(), Talk()
    for number in range(40):
        talk.call("edit", f'{{"new": "{number}"}}', f"edited {number}")
    for number in range(8):
        talk.shell("pytest -q", f"{30 - number} failed")
        assert watched.loop(talk.messages, REPEATS) is None

    assert min(watched.read) > 80


def test_what_was_read_is_not_read_again() -> None:
    watched, talk = Watched(), repeated(REPEATS * 3)
    assert watched.loop(talk.messages, REPEATS) is not None
    talk.shell("make", "boom")
    count = len(talk.messages)
    watched.read.clear()

    assert watched.loop(talk.messages, REPEATS) is not None
    assert min(watched.read) >= count - 4


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
    loop = Watched().loop(messages, 2)

    assert len(turns) <= len(messages)
    assert loop == eager_loop(turns[-MOST_TURNS:], 2)
    assert loop is None or loop.times >= 2
