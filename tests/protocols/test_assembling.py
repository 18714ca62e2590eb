"""Events add up to blocks."""

from __future__ import annotations

from faregate.core.usage import Usage
from faregate.protocols.assembling import Called, Said, Thought, assembled
from faregate.protocols.events import (
    BlockEnded,
    CallDelta,
    CallKind,
    CallStarted,
    Failed,
    Finished,
    Logprobs,
    ReasoningDelta,
    RefusalDelta,
    Seal,
    Sealed,
    Started,
    StopReason,
    TextDelta,
    UsageSeen,
)


def test_every_kind_of_event_has_its_place() -> None:
    usage = Usage(uncached_input=1, output=2)
    answer = assembled(
        [
            Started("id", "model"),
            ReasoningDelta("a"),
            ReasoningDelta("b"),
            Sealed(Seal("gemini", "s")),
            BlockEnded(),
            TextDelta("x"),
            RefusalDelta("no"),
            BlockEnded(),
            CallStarted("c", "look", CallKind.CUSTOM, "space"),
            CallDelta("1"),
            CallDelta("2"),
            BlockEnded(),
            Logprobs((-0.5,)),
            UsageSeen(usage),
            Finished(StopReason.LENGTH),
        ]
    )
    assert (answer.id, answer.model, answer.usage) == ("id", "model", usage)
    assert answer.reason is StopReason.LENGTH
    thought, text, refusal, call = answer.blocks
    assert isinstance(thought, Thought)
    assert (thought.text, thought.seal) == ("ab", Seal("gemini", "s"))
    assert isinstance(text, Said)
    assert isinstance(refusal, Said)
    assert (text.text, refusal.text, refusal.refusal) == ("x", "no", True)
    assert isinstance(call, Called)
    assert (call.arguments, call.namespace) == ("12", "space")
    assert answer.called == [call]


def test_an_answer_that_says_nothing_stopped() -> None:
    answer = assembled([])
    assert answer.reason is StopReason.STOP
    assert answer.blocks == []


def test_the_first_error_counts() -> None:
    answer = assembled([Failed("first"), Failed("second")])
    assert answer.error == Failed("first")


def test_a_block_that_ended_is_not_continued() -> None:
    answer = assembled([TextDelta("a"), BlockEnded(), TextDelta("b"), TextDelta("c")])
    assert [b.text for b in answer.blocks if isinstance(b, Said)] == ["a", "bc"]
