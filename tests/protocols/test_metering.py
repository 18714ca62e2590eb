"""Recorded streams of every dialect and oddity, cut in every way."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest

from faregate.core.usage import Usage
from faregate.protocols.codec import Answer, StreamTooLargeError
from faregate.protocols.metering import text_size
from faregate.protocols.registry import CODECS
from tests.protocols.requests import codec_at
from tests.protocols.streams import Golden, differences, feed, load_goldens

if TYPE_CHECKING:
    from faregate.protocols.codec import Codec

GOLDENS = load_goldens()


@pytest.fixture(params=GOLDENS, ids=str)
def golden(request: pytest.FixtureRequest) -> Golden:
    found: Golden = request.param
    return found


def test_read_whole(golden: Golden) -> None:
    passed_on, answer = feed(golden, [golden.stream])
    assert differences(golden.answer, answer) == {}
    assert passed_on == golden.passed_on


def test_cut_at_every_byte(golden: Golden) -> None:
    stream = golden.stream
    for at in range(1, len(stream)):
        passed_on, answer = feed(golden, [stream[:at], stream[at:]])
        assert (at, answer) == (at, golden.answer)
        assert (at, passed_on) == (at, golden.passed_on)


def test_one_byte_at_a_time(golden: Golden) -> None:
    passed_on, answer = feed(
        golden, [golden.stream[i : i + 1] for i in range(len(golden.stream))]
    )
    assert differences(golden.answer, answer) == {}
    assert passed_on == golden.passed_on


def test_cut_at_random(golden: Golden) -> None:
    choice = random.Random(golden.name)
    for _ in range(20):
        size = len(golden.stream)
        cuts = sorted(choice.randrange(size) for _ in range(choice.randrange(1, 12)))
        chunks = [
            golden.stream[a:b] for a, b in zip([0, *cuts], [*cuts, size], strict=True)
        ]
        passed_on, answer = feed(golden, chunks)
        assert (cuts, answer) == (cuts, golden.answer)
        assert passed_on == golden.passed_on


@pytest.mark.parametrize(
    "golden", [g for g in GOLDENS if not g.name.endswith("cut")], ids=str
)
def test_complete_bodies_are_read_alike(golden: Golden) -> None:
    """A stream that came as one body says the same."""
    answer = golden.codec.answer(golden.stream, golden.flags)
    assert differences(golden.answer, answer) == {}


@pytest.mark.parametrize(
    "golden", [g for g in GOLDENS if g.stream[:1] in b"[{"], ids=str
)
def test_a_cut_body_is_never_believed(golden: Golden) -> None:
    whole = golden.stream.rstrip()
    for at in range(1, len(whole)):
        answer = golden.codec.answer(whole[:at], golden.flags)
        assert (at, answer) == (at, Answer())


def test_chunks_pass_through_untouched(golden: Golden) -> None:
    """Without stripping the very same object goes on: nothing is copied."""
    meter = golden.codec.meter(strip_usage=False, flags=golden.flags)
    for piece in golden.stream.split(b"\n"):
        chunk = piece + b"\n"
        assert meter.feed(chunk) is chunk
    assert meter.finish() == b""


CHAT = next(codec for codec in CODECS if codec.name == "openai_chat")
MESSAGES = next(codec for codec in CODECS if codec.name == "anthropic_messages")
HELLO = b'data: {"choices":[{"index":0,"delta":{"content":"Hello"}}]}\n\n'
FINISH = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}}\n\n'
DONE = b"data: [DONE]\n\n"


def test_whole_events_are_not_held_back_while_stripping() -> None:
    meter = CHAT.meter(strip_usage=True, flags=frozenset())
    assert meter.feed(HELLO) is HELLO
    assert meter.feed(HELLO + HELLO[:10]) == HELLO
    assert meter.feed(HELLO[10:]) == HELLO
    assert meter.feed(USAGE) == b""
    assert meter.feed(DONE) == DONE


def test_it_knows_when_a_stream_has_ended() -> None:
    meter = CHAT.meter(strip_usage=False, flags=frozenset())
    for chunk, ended in ((HELLO, False), (FINISH, False), (USAGE, True), (DONE, True)):
        meter.feed(chunk)
        assert meter.ended is ended


def test_a_cut_after_the_finish_reason_has_no_usage() -> None:
    meter = CHAT.meter(strip_usage=False, flags=frozenset())
    early = HELLO[:-3] + b',"usage":{"prompt_tokens":9,"completion_tokens":0}}\n\n'
    meter.feed(early + FINISH)
    answer = meter.answer()
    assert answer.complete
    assert answer.usage is None
    assert answer.input_usage == Usage(uncached_input=9)
    assert not meter.ended


def test_an_answer_may_be_asked_for_at_any_time() -> None:
    meter = MESSAGES.meter(strip_usage=False, flags=frozenset())
    assert meter.answer() == Answer()
    meter.feed(b"event: ping\n")
    assert meter.answer() == Answer()


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: str(codec.name))
@pytest.mark.parametrize("start", [b"data: ", b'[{"text":"', b'{"text":"', b": "])
def test_an_endless_event_is_given_up(codec: Codec, start: bytes) -> None:
    meter = codec.meter(strip_usage=True, flags=frozenset())
    meter.feed(start)
    piece = b"x" * (1 << 20)
    for _ in range(15):
        meter.feed(piece)
    with pytest.raises(StreamTooLargeError, match="longer than"):
        meter.feed(piece)


def test_nul_bytes_and_empty_chunks_pass() -> None:
    meter = CHAT.meter(strip_usage=False, flags=frozenset())
    for chunk in (b"", b"\0\0", b"\n\n", b"data: \0\n\n", HELLO, b""):
        assert meter.feed(chunk) is chunk
    assert meter.answer().output_bytes == 5


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: str(codec.name))
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"[1]",
        b"{}",
        b"<html>",
        b"\xff\xfe",
        b"data: [1]\n\n",
        b'data: {"choices":1,"type":1,"candidates":"x","usage":[],"error":0}\n\n',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=lambda body: repr(body[:12]),
)
def test_nonsense_is_no_usage_and_no_error(codec: Codec, body: bytes) -> None:
    assert codec.answer(body, frozenset()).usage is None
    meter = codec.meter(strip_usage=False, flags=frozenset())
    meter.feed(body)
    meter.finish()
    assert meter.answer().usage is None


def test_sizes_of_nested_text() -> None:
    assert text_size({"a": ["é", {"b": "xy"}], "c": 7, "d": None}) == 4


def test_a_name_of_any_length_is_kept_short() -> None:
    body = {
        "model": "m" * 100_000,
        "choices": [{"index": 0, "finish_reason": "stop"}],
        "service_tier": "t" * 100_000,
        "usage": {"prompt_tokens": 1, "completion_tokens": 1},
    }
    answer = codec_at("/v1/chat/completions").answer(
        json.dumps(body).encode(), frozenset()
    )
    assert answer.usage == Usage(uncached_input=1, output=1)
    for name in (answer.model, answer.service_tier):
        assert name is not None
        assert len(name) == 256


@pytest.mark.parametrize(
    ("path", "event"),
    [
        (
            "/v1/messages",
            {
                "type": "message_delta",
                "index": None,
                "delta": {"stop_reason": "end_turn", "signature": 7, "id": 7},
                "usage": {"input_tokens": 3, "output_tokens": 5},
            },
        ),
        (
            "/v1/responses",
            {
                "type": "response.completed",
                "output_index": "0",
                "response": {
                    "status": "completed",
                    "usage": {"input_tokens": 3, "output_tokens": 5},
                },
            },
        ),
        (
            "/v1beta/models/m:streamGenerateContent",
            {
                "candidates": [
                    {
                        "content": {"parts": [{"text": "hi", "thought": "yes"}]},
                        "finishReason": "STOP",
                        "logprobsResult": [],
                    }
                ],
                "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 5},
            },
        ),
        (
            "/v1/chat/completions",
            {
                "choices": [
                    {
                        "delta": {"content": "hi"},
                        "finish_reason": "stop",
                        "logprobs": [],
                    }
                ],
                "usage": {"prompt_tokens": 3, "completion_tokens": 5},
            },
        ),
    ],
)
def test_what_only_a_translation_reads_costs_no_usage(
    path: str, event: dict[str, object]
) -> None:
    meter = codec_at(path).meter(strip_usage=False, flags=frozenset())
    meter.feed(b"data: " + json.dumps(event).encode() + b"\n\n")
    meter.finish()
    answer = meter.answer()
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output) == (3, 5)
