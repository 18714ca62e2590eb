"""Tool calls held back, passed on and denied, in every dialect and every cut."""

from __future__ import annotations

import json
from typing import Any

import pytest

from faregate.protocols.codec import StreamTooLargeError
from faregate.protocols.registry import by_name
from tests.protocols.calling import BODIES, CHUNKS, STREAMS
from tests.protocols.screens import (
    NO,
    Judge,
    denied,
    events_of,
    metered,
    payloads,
    screen,
    texts,
    through,
)
from tests.protocols.streams import Golden, load_goldens

each_dialect = pytest.mark.parametrize("name", STREAMS)
GOLDENS = [g for g in load_goldens() if g.codec.name in STREAMS]


@each_dialect
def test_nothing_is_held_where_nothing_is_in_question(name: str) -> None:
    made = screen(name, Judge())
    assert through(made, STREAMS[name]) == (STREAMS[name], b"")
    assert made.asked == ()


@each_dialect
def test_a_call_that_turns_out_harmless_passes_as_it_came(name: str) -> None:
    for size in (1, 7, 64, 10**9):
        judge = Judge("Bash")
        judge.only_concerned = True
        made = screen(name, judge)
        out = b"".join(through(made, STREAMS[name], size))
        assert events_of(out) == events_of(STREAMS[name])
        assert made.asked == ()


@each_dialect
def test_words_pass_and_the_call_waits(name: str) -> None:
    made = screen(name, Judge("Bash"))
    passed, rest = through(made, STREAMS[name], 40)
    assert b"I push" in passed
    assert b"Read" in passed
    assert b"git push" not in passed
    assert b"Bash" not in passed
    assert rest == b""
    (call,) = made.asked
    assert call.name == "Bash"
    assert json.loads(call.arguments) == {"command": "git push"}
    # Words and pings overtake what is held, nothing else does.
    assert events_of(passed + made.resolve([None])) == events_of(STREAMS[name])


@each_dialect
def test_a_denied_call_is_a_text_and_the_other_one_stays(name: str) -> None:
    out = denied(name, STREAMS[name], Judge("Bash"))
    before, after = metered(name, STREAMS[name]), metered(name, out)
    assert after.tool_calls == 1
    assert after.usage == before.usage is not None
    assert after.complete
    assert after.error is None
    assert after.finish == before.finish
    assert b"Bash" not in out
    assert b"git push" not in out
    assert any(NO in text for text in texts(payloads(out)))


@each_dialect
def test_where_every_call_is_denied_the_answer_just_ends(name: str) -> None:
    out = denied(name, STREAMS[name], Judge("Bash", "Read"))
    after = metered(name, out)
    assert after.tool_calls == 0
    assert after.complete
    assert after.usage == metered(name, STREAMS[name]).usage
    assert (
        after.finish
        == {
            "openai_chat": "stop",
            "anthropic_messages": "end_turn",
            "openai_responses": "completed",
            "gemini": "STOP",
        }[name]
    )


@each_dialect
def test_one_of_two_may_pass(name: str) -> None:
    made = screen(name, Judge("Bash", "Read"))
    passed = b"".join(through(made, STREAMS[name]))
    assert [call.name for call in made.asked] == ["Read", "Bash"]
    out = passed + made.resolve([NO, None])
    after = metered(name, out)
    assert after.tool_calls == 1
    assert after.finish == metered(name, STREAMS[name]).finish
    assert b"Bash" in out
    assert b"Read" not in out


@each_dialect
def test_however_it_is_cut_the_outcome_is_the_same(name: str) -> None:
    whole = denied(name, STREAMS[name], Judge("Bash"))
    made_whole = screen(name, Judge("Bash"))
    through(made_whole, STREAMS[name])
    # One byte at a time is below; here each part is larger than what is cut off.
    for at in range(0, len(STREAMS[name]), 5):
        made = screen(name, Judge("Bash"))
        passed = made.feed(STREAMS[name][:at]) + made.feed(STREAMS[name][at:])
        passed += made.finish()
        assert made.asked == made_whole.asked
        assert passed + made.resolve([NO]) == whole
    for size in (1, 2, 3, 17):
        assert denied(name, STREAMS[name], Judge("Bash"), size) == whole


@pytest.mark.parametrize("end", [b"\r\n", b"\r"])
@each_dialect
def test_other_line_ends_say_the_same(name: str, end: bytes) -> None:
    stream = STREAMS[name].replace(b"\n", end)
    made = screen(name, Judge("Bash"))
    passed = b"".join(through(made, stream, 11))
    after = metered(name, passed + made.resolve([NO]))
    assert after.tool_calls == 1
    assert after.complete


@pytest.mark.parametrize("golden", GOLDENS, ids=str)
def test_every_recorded_stream_passes_whole_or_without_its_calls(
    golden: Golden,
) -> None:
    name = golden.codec.name
    for size in (5, 10**9):
        judge = Judge(everything=True)
        judge.only_concerned = True
        made = screen(name, judge)
        out = b"".join(through(made, golden.stream, size))
        assert sorted(out) == sorted(golden.stream)
    out = denied(name, golden.stream, Judge(everything=True), 9)
    before, after = golden.answer, metered_as(golden, out)
    # That one gives all its items one place in the answer.
    assert after.tool_calls == 0 or golden.name == "tools_and_search"
    assert after.usage == before.usage
    assert after.error == before.error


def metered_as(golden: Golden, out: bytes) -> Any:
    meter = golden.codec.meter(strip_usage=False, flags=golden.flags)
    meter.feed(out)
    meter.finish()
    return meter.answer()


@each_dialect
def test_a_whole_answer(name: str) -> None:
    body = json.dumps(BODIES[name]).encode()
    made = screen(name, Judge("Bash"))
    read, numbers = made.whole_calls(body)
    assert [call.name for call in read.calls] == ["Read", "Bash"]
    assert numbers == (1,)
    out = made.rewritten(read, {1: NO})
    codec = by_name(name)
    assert codec is not None
    before, after = (codec.answer(each, frozenset()) for each in (body, out))
    assert (before.tool_calls, after.tool_calls) == (2, 1)
    assert after.usage == before.usage
    assert after.finish == before.finish
    assert any(NO in text for text in texts(json.loads(out)))
    read, _ = made.whole_calls(body)
    none = codec.answer(made.rewritten(read, {0: NO, 1: NO}), frozenset())
    assert none.tool_calls == 0
    assert none.finish in {"stop", "end_turn", "completed", "STOP"}


@each_dialect
def test_a_document_in_place_of_a_stream(name: str) -> None:
    body = json.dumps(BODIES[name]).encode()
    made = screen(name, Judge("Bash"))
    assert through(made, body, 50) == (b"", b"")
    assert [call.name for call in made.asked] == ["Bash"]
    assert made.resolve([None]) == body
    assert b"git push" not in made.resolve([NO])
    made = screen(name, Judge())
    assert through(made, body, 50) == (b"", body)


def test_an_array_of_chunks() -> None:
    body = json.dumps(CHUNKS).encode()
    made = screen("gemini", Judge("Bash", "Read"))
    through(made, body, 30)
    assert [call.name for call in made.asked] == ["Read", "Bash"]
    out = json.loads(made.resolve([None, NO]))
    assert len(out) == 3
    assert out[2]["candidates"][0]["content"]["parts"] == [{"text": NO}]
    assert out[2]["candidates"][0]["finishReason"] == "STOP"


def test_denied_calls_leave_no_gap_in_the_numbers() -> None:
    made = screen("openai_chat", Judge("Read"))
    passed = b"".join(through(made, STREAMS["openai_chat"]))
    out = payloads(passed + made.resolve([NO]))
    calls = [
        call
        for chunk in out
        for choice in chunk["choices"]
        for call in choice["delta"].get("tool_calls", [])
    ]
    assert {call["index"] for call in calls} == {0}
    assert "".join(c["function"].get("arguments", "") for c in calls) == (
        '{"command": "git push"}'
    )
    made = screen("openai_responses", Judge("Read"))
    passed = b"".join(through(made, STREAMS["openai_responses"]))
    numbers = [e["sequence_number"] for e in payloads(passed + made.resolve([NO]))]
    assert numbers == list(range(len(numbers)))


def test_a_stream_that_ends_in_the_middle_of_a_call() -> None:
    for name, stream in STREAMS.items():
        cut = stream[: stream.rindex(b"push")]
        judge = Judge("Bash")
        made = screen(name, judge)
        passed = b"".join(through(made, cut))
        if made.asked:
            passed += made.resolve([None] * len(made.asked))
        assert sorted(passed) == sorted(cut)


def test_what_is_held_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faregate.protocols.screening.MOST_HELD", 100)
    for stream in (STREAMS["anthropic_messages"], b"{" + b" " * 200):
        made = screen("anthropic_messages", Judge("Bash"))
        with pytest.raises(StreamTooLargeError):
            through(made, stream)


@pytest.mark.parametrize(
    "noise",
    [
        b'data: {"type":"content_block_start","index":[],"content_block":{"type":'
        b'"tool_use","name":5}}\n\n',
        b"data: [1,2]\n\n",
        b"data: nonsense\n\n",
        b'data: {"choices":[{"delta":{"tool_calls":[null,{"index":"x"}]}}]}\n\n',
        b'data: {"type":"response.output_item.added","item":{"type":"function_call"}}'
        b"\n\n",
        b'data: {"candidates":[{"content":{"parts":[{"functionCall":{}}]}}]}\n\n',
        b": comment\n\n",
    ],
)
@each_dialect
def test_what_nobody_expects_does_no_harm(name: str, noise: bytes) -> None:
    made = screen(name, Judge(everything=True))
    passed = b"".join(through(made, noise * 2 + STREAMS[name] + noise, 13))
    made_texts: list[str | None] = [NO] * len(made.asked)
    passed += made.resolve(made_texts) if made.asked else b""
    assert b"git push" not in passed
