"""Blocks come one after another, whatever a provider mixes."""

from __future__ import annotations

import pytest

from faregate.protocols.blocks import LIMIT, MOST_CALLS, Blocks
from faregate.protocols.codec import StreamBrokenError, StreamTooLargeError
from faregate.protocols.events import (
    BlockEnded,
    CallDelta,
    CallStarted,
    ReasoningDelta,
    Seal,
    Sealed,
    TextDelta,
)


def test_a_delta_of_another_kind_ends_the_open_block() -> None:
    blocks = Blocks()
    blocks.reasoning("hm")
    blocks.text("a")
    blocks.text("b")
    blocks.close()
    assert blocks.take() == [
        ReasoningDelta("hm"),
        BlockEnded(),
        TextDelta("a"),
        TextDelta("b"),
        BlockEnded(),
    ]
    assert blocks.take() == []


def test_calls_that_are_streamed_at_once_come_one_after_another() -> None:
    blocks = Blocks()
    blocks.call(0, "a", "one")
    blocks.arguments(0, '{"x":')
    blocks.call(1, "b", "two")
    blocks.arguments(1, '{"y":')
    blocks.arguments(0, "1}")
    blocks.arguments(1, "2}")
    assert blocks.take() == [
        CallStarted("a", "one"),
        CallDelta('{"x":'),
        CallDelta("1}"),
    ]
    blocks.close()
    assert blocks.take() == [
        BlockEnded(),
        CallStarted("b", "two"),
        CallDelta('{"y":2}'),
        BlockEnded(),
    ]


def test_a_whole_call_makes_room_for_the_next_at_once() -> None:
    blocks = Blocks()
    blocks.call(0, "a", "one")
    blocks.arguments(0, "{}")
    blocks.call(1, "b", "two")
    assert blocks.take()[2:] == [BlockEnded(), CallStarted("b", "two")]
    with pytest.raises(StreamBrokenError, match="whole already"):
        blocks.arguments(0, "x")
    blocks.arguments(0, "  \n")


def test_text_beside_an_unfinished_call_waits_for_its_end() -> None:
    blocks = Blocks()
    blocks.call(0, "a", "one")
    blocks.arguments(0, "{")
    blocks.text("beside")
    blocks.arguments(0, "}")
    blocks.close()
    assert blocks.take() == [
        CallStarted("a", "one"),
        CallDelta("{"),
        CallDelta("}"),
        BlockEnded(),
        TextDelta("beside"),
        BlockEnded(),
    ]


def test_a_call_without_arguments_has_an_empty_object() -> None:
    blocks = Blocks()
    blocks.call(0, "a", "one")
    blocks.end_call(0)
    assert blocks.take() == [CallStarted("a", "one"), CallDelta("{}"), BlockEnded()]
    assert blocks.called


def test_a_seal_without_a_thought_is_a_block_of_its_own() -> None:
    blocks = Blocks()
    blocks.text("a")
    blocks.sealed(Seal("gemini", "s"))
    blocks.text("b")
    blocks.close()
    assert blocks.take() == [
        TextDelta("a"),
        BlockEnded(),
        Sealed(Seal("gemini", "s")),
        BlockEnded(),
        TextDelta("b"),
        BlockEnded(),
    ]


def test_two_hundred_calls_at_once() -> None:
    blocks = Blocks()
    for number in range(200):
        blocks.call(number, f"c{number}", "look")
        blocks.arguments(number, "{")
    for number in range(200):
        blocks.arguments(number, "}")
    blocks.close()
    events = blocks.take()
    started = [event for event in events if isinstance(event, CallStarted)]
    assert [event.id for event in started] == [f"c{n}" for n in range(200)]
    assert events.count(BlockEnded()) == 200


def test_what_is_kept_is_bounded() -> None:
    blocks = Blocks()
    for number in range(MOST_CALLS):
        blocks.call(number, "c", "n")
    with pytest.raises(StreamBrokenError):
        blocks.call(MOST_CALLS, "c", "n")
    with pytest.raises(StreamTooLargeError):
        blocks.arguments(1, "x" * (LIMIT + 1))
