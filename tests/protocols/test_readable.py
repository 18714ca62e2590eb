"""Bodies as a person reads them: pretty where they can be, as they are where not."""

from __future__ import annotations

import json

import pytest

from faregate.protocols.readable import (
    is_stream,
    opened,
    pretty,
    protocol_of,
    raw_lines,
    text_lines,
    whole_answer,
)


def test_json_is_indented_and_reads_as_the_same() -> None:
    body = {"model": "m", "n": 1.5, "said": ["a\nb", "ü", {"x": None}]}
    lines = pretty(json.dumps(body).encode())
    assert lines[1] == '  "model": "m",'
    assert json.loads("\n".join(lines)) == body


@pytest.mark.parametrize("data", [b"", b"{", b"<html>", b"\xff\xfe", b"[" * 5000])
def test_what_is_no_json_is_shown_as_it_is(data: bytes) -> None:
    assert pretty(data) == text_lines(data)
    assert pretty(data, fold=True) == text_lines(data)


def test_folding_says_how_much_was_left_out() -> None:
    body = {
        "messages": [{"role": "user", "content": f"m{n}"} for n in range(64)],
        "tools": [{"input_schema": {"type": "object", "properties": {}}}],
        "system": "s" * 1000,
    }
    text = "\n".join(pretty(json.dumps(body).encode(), fold=True))
    assert '"m0"' in text
    assert '"m63"' in text
    assert '"m30"' not in text
    assert "... 60 more ..." in text
    assert "700 more characters" in text
    assert "... 2 members ..." in text
    assert len(text) < 1500


@pytest.mark.parametrize(
    ("length", "folded"), [(306, False), (399, False), (400, True)]
)
def test_a_text_is_folded_only_where_that_saves_a_line(
    length: int, folded: bool
) -> None:
    text = "\n".join(pretty(json.dumps({"a": "s" * length}).encode(), fold=True))
    assert ("more characters" in text) is folded
    assert (f'"{"s" * length}"' in text) is not folded


def test_breaks_inside_texts_become_lines() -> None:
    assert opened('  "a": "one\\ntwo\\tx"') == ['  "a": "one', '    two    x"']
    # An escaped backslash before an n is none.
    assert opened('"c:\\\\new\\n"') == ['"c:\\\\new', '  "']
    assert opened('"plain"') == ['"plain"']


@pytest.mark.parametrize(
    ("url", "protocol"),
    [
        ("http://h/v1/chat/completions", "openai_chat"),
        ("/s/x/v1/responses", "openai_responses"),
        ("/v1/messages?beta=true", "anthropic_messages"),
        ("/v1beta/models/m:generateContent", "gemini"),
        ("/v1beta/models/m:streamGenerateContent?alt=sse", "gemini"),
        ("/v1/embeddings", None),
        ("/v1/messages/count_tokens", None),
    ],
)
def test_the_dialect_of_a_url(url: str, protocol: str | None) -> None:
    assert protocol_of(url) == protocol


CHAT = [
    {"choices": [{"index": 0, "delta": {"content": "Hel"}}]},
    {"choices": [{"index": 0, "delta": {"content": "lo\nyou"}}]},
    {
        "choices": [
            {
                "index": 0,
                "delta": {
                    "tool_calls": [
                        {
                            "index": 0,
                            "id": "call_1",
                            "type": "function",
                            "function": {"name": "look", "arguments": '{"path":'},
                        }
                    ]
                },
            }
        ]
    },
    {
        "choices": [
            {
                "index": 0,
                "delta": {
                    "tool_calls": [{"index": 0, "function": {"arguments": '"x"}'}}]
                },
            }
        ]
    },
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
    {"choices": [], "usage": {"prompt_tokens": 1200, "completion_tokens": 7}},
]


def stream(*events: object) -> bytes:
    said = "".join(f"data: {json.dumps(each)}\n\n" for each in events)
    return said.encode()


def test_a_stream_is_put_together() -> None:
    data = stream(*CHAT) + b"data: [DONE]\n\n"
    assert is_stream(data)
    lines = whole_answer("openai_chat", data)
    assert lines == [
        "-- text",
        "Hello",
        "you",
        "",
        "-- tool call: look call_1",
        "{",
        '  "path": "x"',
        "}",
        "",
        "-- ended: tool_calls",
        "-- used: 1,200 in, 7 out",
    ]


def test_half_a_stream_is_read_as_far_as_it_came() -> None:
    for rest in (b'data: {"choi', b"data: nonsense\n\ndata: more\n\n"):
        lines = whole_answer("openai_chat", stream(*CHAT[:2]) + rest)
        assert lines is not None
        assert lines[:3] == ["-- text", "Hello", "you"]


def test_an_answer_that_was_not_streamed_is_read_too() -> None:
    body = {
        "id": "msg",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "x"},
            {"type": "text", "text": "Yes."},
        ],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 3, "output_tokens": 2, "cache_read_input_tokens": 9},
    }
    data = json.dumps(body).encode()
    assert not is_stream(data)
    lines = whole_answer("anthropic_messages", data)
    assert lines == [
        "-- reasoning",
        "Hm.",
        "",
        "-- text",
        "Yes.",
        "",
        "-- ended: stop",
        "-- used: 12 in, 9 cached, 2 out",
    ]


@pytest.mark.parametrize("data", [b"", b"<html>", b"{}", b"\xff"])
def test_what_no_decoder_understands_is_none(data: bytes) -> None:
    for protocol in ("openai_chat", "anthropic_messages", "gemini", None, "nothing"):
        assert whole_answer(protocol, data) is None


def test_raw_pieces_stand_under_their_time() -> None:
    assert raw_lines(b"data: a\n\ndata: b\n\n", [(0, 5), (9, 1250)]) == [
        "+0.005 s  9 bytes",
        "  data: a",
        "+1.250 s  9 bytes",
        "  data: b",
    ]
    # What came after the cut is not there to be shown.
    assert raw_lines(b"abc", [(0, 1), (3, 2), (9, 3)]) == ["+0.001 s  3 bytes", "  abc"]
    assert raw_lines(b"a\r\nb", []) == ["a", "b"]
