"""Answers as events, made at random, and what each dialect keeps of them."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import msgspec
from hypothesis import strategies as st

from faregate.core.usage import Usage
from faregate.protocols.assembling import Called, Said, Thought, assembled
from faregate.protocols.events import (
    BlockEnded,
    CallDelta,
    CallStarted,
    Finished,
    ReasoningDelta,
    RefusalDelta,
    Seal,
    Sealed,
    Started,
    StopReason,
    StreamEvent,
    TextDelta,
    UsageSeen,
)
from tests.protocols.dialogues import ORIGINS, names, values, words

CUT = {StopReason.LENGTH: "length", StopReason.CONTENT_FILTER: "filter"}


class Seen(NamedTuple):
    """What an answer adds up to, in plain values."""

    id: str
    model: str
    blocks: tuple[tuple[str, ...], ...]
    usage: Usage | None
    reason: StopReason


def seen(events: list[StreamEvent]) -> Seen:
    """Return what events add up to; neighbouring blocks of one kind are one."""
    answer = assembled(events)
    blocks: list[tuple[str, ...]] = []
    for block in answer.blocks:
        match block:
            case Said(text=text, refusal=refusal):
                blocks.append(("refusal" if refusal else "text", text))
            case Thought(text=text, seal=seal):
                sealed = () if seal is None else (seal.origin, seal.data)
                blocks.append(("thought", text, *sealed))
            case Called(id=call_id, name=name, arguments=arguments):
                blocks.append(("call", call_id, name, arguments))
    return Seen(answer.id, answer.model, merged(blocks), answer.usage, answer.reason)


def merged(blocks: list[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    out: list[tuple[str, ...]] = []
    for block in blocks:
        last = out[-1] if out else ("",)
        if block[0] == last[0] and block[0] in {"text", "refusal"}:
            out[-1] = (block[0], last[1] + block[1])
        else:
            out.append(block)
    return tuple(out)


@st.composite
def answers(draw: st.DrawFn) -> list[StreamEvent]:
    """A whole answer, cut into deltas in some way."""
    events: list[StreamEvent] = [Started("answer_1", "m-1")]
    called = 0
    kinds = st.sampled_from(["text", "thought", "refusal", "call"])
    for kind in draw(st.lists(kinds, min_size=1, max_size=4)):
        pieces = draw(st.lists(words, min_size=1, max_size=3))
        if kind == "text":
            events += [TextDelta(piece) for piece in pieces]
        elif kind == "refusal":
            events += [RefusalDelta(piece) for piece in pieces]
        elif kind == "thought":
            events += [ReasoningDelta(piece) for piece in pieces]
            if draw(st.booleans()):
                origin = draw(st.sampled_from(ORIGINS))
                events.append(Sealed(Seal(origin, draw(names))))
        else:
            called += 1
            events.append(CallStarted(f"call_{called}", draw(names)))
            whole = msgspec.json.encode(draw(values)).decode()
            half = len(whole) // 2
            events += [CallDelta(whole[:half]), CallDelta(whole[half:])]
        events.append(BlockEnded())
    usage = draw(
        st.none()
        | st.builds(
            Usage,
            uncached_input=st.integers(1, 99),
            cache_read=st.integers(0, 9),
            cache_write_5m=st.integers(0, 9),
            cache_write_1h=st.integers(0, 9),
            output=st.integers(20, 99),
            reasoning=st.integers(0, 9),
        )
    )
    if usage is not None:
        events.append(UsageSeen(usage))
    ends = StopReason.TOOL_CALLS if called else StopReason.STOP
    reason = draw(st.sampled_from([ends, StopReason.LENGTH, StopReason.CONTENT_FILTER]))
    return [*events, Finished(reason)]


def kept(answer: Seen, dialect: str) -> Seen:
    """Return what a client of this dialect reads of an answer."""
    blocks = [_block(block, dialect) for block in answer.blocks]
    usage = answer.usage
    if usage is not None:
        usage = _usage(usage, dialect)
    reason = answer.reason
    if dialect == "anthropic_messages" and reason is StopReason.CONTENT_FILTER:
        reason = StopReason.REFUSAL
    if dialect == "openai_chat":
        blocks = _adjoined(blocks)
    return answer._replace(
        blocks=merged([b for b in blocks if b]), usage=usage, reason=reason
    )


def _block(block: tuple[str, ...], dialect: str) -> tuple[str, ...]:
    if block[0] == "refusal" and dialect in {"anthropic_messages", "gemini"}:
        return ("text", block[1])
    if block[0] == "thought" and dialect == "openai_chat":
        return block[:2]
    return block


def _adjoined(blocks: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    out: list[tuple[str, ...]] = []
    for block in blocks:
        if out and block[0] == out[-1][0] == "thought":
            out[-1] = ("thought", out[-1][1] + block[1])
        else:
            out.append(block)
    return out


def _usage(usage: Usage, dialect: str) -> Usage:
    written = usage.cache_write_5m + usage.cache_write_1h
    match dialect:
        case "anthropic_messages":
            return replace(usage, reasoning=0)
        case "gemini":
            return replace(
                usage,
                uncached_input=usage.uncached_input + written,
                cache_write_5m=0,
                cache_write_1h=0,
            )
        case _:
            return replace(usage, cache_write_5m=written, cache_write_1h=0)
