"""Answers keep in every dialect what it can say, streamed or whole, however they are cut."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings

from faregate.core.usage import Usage
from faregate.protocols.codec import RequestHead, StreamBrokenError
from faregate.protocols.dialects import AnswerForm, Dialect, WriteOptions
from faregate.protocols.events import (
    BlockEnded,
    CallDelta,
    CallKind,
    CallStarted,
    Failed,
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
from faregate.protocols.losses import Loss
from faregate.protocols.registry import by_name
from faregate.protocols.translation.flattening import Original, Restorer
from faregate.protocols.translation.stream import Payloads, TranslatingMeter
from faregate.protocols.translation.table import DIALECTS
from faregate.protocols.translation.translator import path_of, translate
from tests.protocols.answers import answers, kept, seen
from tests.protocols.streams import Golden, load_goldens

FORM = AnswerForm(request_id="req_1", model="asked", created=1)
PAIRS = [(a, b) for a in DIALECTS for b in DIALECTS if a != b]


def read(dialect: Dialect, chunks: list[bytes]) -> list[StreamEvent]:
    payloads = Payloads(dialect.decoder(frozenset(), "req_1"))
    out: list[StreamEvent] = []
    for chunk in chunks:
        out += payloads.feed(chunk)
    return out + payloads.finish()


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("name", DIALECTS)
@given(events=answers())
@settings(max_examples=25, deadline=None)
def test_an_answer_keeps_what_its_dialect_can_say(
    name: str, stream: bool, events: list[StreamEvent]
) -> None:
    dialect = DIALECTS[name]
    encoder = dialect.encoder(FORM)
    body = encoder.stream(events) if stream else encoder.whole(events)
    arrived = seen(read(dialect, [body]))
    expected = kept(seen(events), name)
    assert arrived.usage == expected.usage
    assert arrived.reason == expected.reason
    assert arrived.model == expected.model
    assert expected.id in arrived.id
    if name == "openai_chat" and not stream:
        # A whole message has one place for each kind, in no order.
        assert sorted(map(str, joined(arrived.blocks))) == sorted(
            map(str, joined(expected.blocks))
        )
    else:
        assert arrived.blocks == without_foreign(expected.blocks, name)


def joined(blocks: tuple[tuple[str, ...], ...]) -> list[tuple[str, ...]]:
    calls = [block for block in blocks if block[0] == "call"]
    for kind in ("text", "refusal", "thought"):
        said = [b[1].replace("\n\n", "") for b in blocks if b[0] == kind]
        if said:
            calls.append((kind, "".join(said)))
    return calls


def without_foreign(
    blocks: tuple[tuple[str, ...], ...], name: str
) -> tuple[tuple[str, ...], ...]:
    if name != "gemini":
        return blocks
    out: list[tuple[str, ...]] = []
    for block in blocks:
        # A signature stands on the part after its thought, so two thoughts are one.
        if block[0] == "thought" and out and out[-1][0] == "thought":
            last = out.pop()
            out.append(("thought", last[1] + block[1], *(block[2:] or last[2:])))
        else:
            out.append(block)
    return tuple(out)


ANSWER = """[
 ["reasoning", "Höre, 🙂"], ["text", "Say \\"hi\\"\\n"], ["call", "look", "{\\"path\\":\\"ä.py\\"}"],
 ["call", "look", "{}"]
]"""


def golden() -> list[StreamEvent]:
    """An answer with every kind of block and characters of several bytes."""
    events: list[StreamEvent] = [Started("a1", "m-1")]
    for number, (kind, *said) in enumerate(msgspec.json.decode(ANSWER)):
        if kind == "reasoning":
            events += [ReasoningDelta(said[0][:3]), ReasoningDelta(said[0][3:])]
        elif kind == "text":
            events += [TextDelta(said[0][:3]), TextDelta(said[0][3:])]
        else:
            events.append(CallStarted(f"call_{number}", said[0]))
            events += [CallDelta(said[1][:1]), CallDelta(said[1][1:])]
        events.append(BlockEnded())
    usage = Usage(uncached_input=70, cache_read=30, output=20, reasoning=5)
    return [*events, UsageSeen(usage), Finished(StopReason.TOOL_CALLS)]


@pytest.mark.parametrize("name", DIALECTS)
def test_a_stream_cut_at_any_byte_is_the_same_answer(name: str) -> None:
    dialect = DIALECTS[name]
    body = dialect.encoder(FORM).stream(golden())
    whole = seen(read(dialect, [body]))
    assert whole.usage is not None
    assert [block[0] for block in whole.blocks] == ["thought", "text", "call", "call"]
    for at in range(1, len(body), 5):
        assert seen(read(dialect, [body[:at], body[at:]])) == whole
    assert seen(read(dialect, [body[i : i + 1] for i in range(len(body))])) == whole


def translated(source: str, target: str, chunks: list[bytes]) -> bytes:
    codec = by_name(source)
    assert codec is not None
    meter = TranslatingMeter(
        codec.meter(strip_usage=False, flags=frozenset()),
        DIALECTS[source].decoder(frozenset(), "req_1"),
        Restorer({}),
        DIALECTS[target].encoder(FORM),
        sse=True,
    )
    out = b"".join(meter.feed(chunk) for chunk in chunks) + meter.finish()
    answer = meter.answer()
    assert answer.complete
    assert answer.usage is not None
    assert answer.usage.output == 20
    return out


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_translated_stream_is_the_same_however_it_came(
    source: str, target: str
) -> None:
    body = DIALECTS[source].encoder(FORM).stream(golden())
    at_once = translated(source, target, [body])
    assert translated(source, target, [body[i : i + 7] for i in range(0, len(body), 7)])
    bytewise = translated(source, target, [body[i : i + 1] for i in range(len(body))])
    assert seen(read(DIALECTS[target], [bytewise])) == seen(
        read(DIALECTS[target], [at_once])
    )
    calls = [
        b for b in seen(read(DIALECTS[target], [at_once])).blocks if b[0] == "call"
    ]
    assert [call[2:] for call in calls] == [
        ("look", '{"path":"ä.py"}'),
        ("look", "{}"),
    ]


RECORDED = [each for each in load_goldens() if each.codec.name in DIALECTS]


@pytest.mark.parametrize("target", DIALECTS)
@pytest.mark.parametrize("recorded", RECORDED, ids=str)
def test_what_the_meter_decoded_is_what_the_decoder_would_have(
    recorded: Golden, target: str
) -> None:
    name = recorded.codec.name
    chunks = recorded.stream.splitlines(keepends=True)
    meter = TranslatingMeter(
        recorded.codec.meter(strip_usage=False, flags=recorded.flags),
        DIALECTS[name].decoder(recorded.flags, "req_1"),
        Restorer({}),
        DIALECTS[target].encoder(FORM),
        sse=False,
    )
    payloads = Payloads(DIALECTS[name].decoder(recorded.flags, "req_1"))
    encoder = DIALECTS[target].encoder(FORM)
    try:
        alone = [encoder.stream(payloads.feed(chunk)) for chunk in chunks]
        alone.append(encoder.stream(payloads.finish()))
    except StreamBrokenError:
        with pytest.raises(StreamBrokenError):
            [*map(meter.feed, chunks), meter.finish()]
        return
    assert [*map(meter.feed, chunks), meter.finish()] == alone
    assert meter.answer() == recorded.answer


def test_a_usage_block_of_unexpected_form_breaks_no_translation() -> None:
    chunk = {
        "candidates": [
            {"content": {"parts": [{"text": "hi"}]}, "finishReason": "STOP"}
        ],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": None},
    }
    body = b"data: " + msgspec.json.encode(chunk) + b"\r\n\r\n"
    found = seen(read(DIALECTS["gemini"], [body]))
    assert found.blocks == (("text", "hi"),)
    assert found.usage is not None
    assert found.usage.input_tokens == 3


@pytest.mark.parametrize("name", DIALECTS)
def test_events_say_the_same_one_by_one_and_at_once(name: str) -> None:
    events: list[StreamEvent] = [
        *golden()[:-2],
        RefusalDelta("no"),
        BlockEnded(),
        TextDelta("a"),
        TextDelta("b"),
        BlockEnded(),
        Sealed(Seal(name, "c2VhbA==")),
        TextDelta("c"),
        TextDelta("d"),
        *golden()[-2:],
    ]
    one, other = DIALECTS[name].encoder(FORM), DIALECTS[name].encoder(FORM)
    assert b"".join(one.stream([each]) for each in events) == other.stream(events)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_stream_that_changes_its_dialect_is_no_answer(
    first: str, second: str
) -> None:
    head = DIALECTS[first].encoder(FORM).stream(golden()[:3])
    tail = DIALECTS[second].encoder(FORM).stream(golden())
    with pytest.raises(StreamBrokenError, match="cannot be translated"):
        read(DIALECTS[first], [head, tail])


@pytest.mark.parametrize("name", DIALECTS)
def test_an_error_inside_a_stream_reaches_the_client(name: str) -> None:
    events: list[StreamEvent] = [*golden()[:3], Failed("it is full", "overloaded")]
    body = DIALECTS[name].encoder(FORM).stream(events)
    (found,) = [e for e in read(DIALECTS[name], [body]) if isinstance(e, Failed)]
    assert found.message == "it is full"


@pytest.mark.parametrize("name", DIALECTS)
def test_a_stream_without_its_end_is_no_whole_answer(name: str) -> None:
    body = DIALECTS[name].encoder(FORM).stream(golden()[:5])
    assert seen(read(DIALECTS[name], [body])).usage is None
    assert not any(isinstance(e, Finished) for e in read(DIALECTS[name], [body]))


def test_a_client_gets_signs_of_life_while_there_is_nothing_to_say() -> None:
    codec = by_name("openai_chat")
    assert codec is not None
    originals = {"apply_patch": Original(name="apply_patch", kind=CallKind.CUSTOM)}
    for sse in (True, False):
        alive = b": keep-alive\n\n" if sse else b""
        meter = TranslatingMeter(
            codec.meter(strip_usage=False, flags=frozenset()),
            DIALECTS["openai_chat"].decoder(frozenset(), "req_1"),
            Restorer(originals),
            DIALECTS["openai_responses"].encoder(FORM),
            sse=sse,
        )
        assert meter.feed(b": processing\n\n") == alive
        call: list[StreamEvent] = [Started("a", "m"), CallStarted("c", "apply_patch")]
        pieces: list[StreamEvent] = [CallDelta("x")] * 120
        encoder = DIALECTS["openai_chat"].encoder(FORM)
        assert meter.feed(encoder.stream(call))
        said = [meter.feed(encoder.stream([piece])) for piece in pieces]
        assert b"".join(said) == alive * 2


def test_only_a_codecs_own_meter_is_shared() -> None:
    with pytest.raises(TypeError):
        TranslatingMeter(
            object(),  # type: ignore[arg-type]
            DIALECTS["gemini"].decoder(frozenset(), "r"),
            Restorer({}),
            DIALECTS["gemini"].encoder(FORM),
            sse=True,
        )


def test_two_blocks_that_are_alike_are_two_items() -> None:
    events: list[StreamEvent] = [Started("a", "m")]
    for _ in range(2):
        events += [TextDelta("same"), BlockEnded()]
        events += [CallStarted("c", "look"), CallDelta("{}"), BlockEnded()]
    body = DIALECTS["openai_responses"].encoder(FORM).stream(events)
    done = [
        msgspec.json.decode(line[6:])["output_index"]
        for line in body.splitlines()
        if line.startswith(b'data: {"type":"response.output_item.done"')
    ]
    assert done == [0, 1, 2, 3]


SEALING = ("openai_responses", "anthropic_messages", "gemini")


def next_turn(client: str, answer: bytes) -> dict[str, object]:
    """Return the request in which a client sends an answer back."""
    said = msgspec.json.decode(answer)
    match client:
        case "openai_responses":
            return {"model": "m", "input": said["output"]}
        case "anthropic_messages":
            turn = {"role": "assistant", "content": said["content"]}
            return {"model": "m", "messages": [turn]}
        case _:
            return {"contents": [said["candidates"][0]["content"]]}


@pytest.mark.parametrize("client", SEALING)
@pytest.mark.parametrize("provider", SEALING)
def test_a_sealed_thought_comes_back_to_the_provider_that_sealed_it(
    provider: str, client: str
) -> None:
    seal = "c2VhbGVkIQ=="
    events: list[StreamEvent] = [
        Started("a", "m"),
        ReasoningDelta("hm"),
        Sealed(Seal(provider, seal)),
        BlockEnded(),
        CallStarted("c", "look"),
        CallDelta("{}"),
        BlockEnded(),
        Finished(StopReason.TOOL_CALLS),
    ]
    answer = DIALECTS[client].encoder(FORM).whole(events)
    path, query = path_of(client, "m", stream=False)
    translation = translate(
        client=client,
        provider=provider,
        head=RequestHead(method="POST", path=path, query=query),
        body=msgspec.json.encode(next_turn(client, answer)),
        model="m",
        options=WriteOptions(),
        form=FORM,
    )
    assert seal.encode() in translation.body
    assert Loss.REASONING_SEAL not in translation.losses
