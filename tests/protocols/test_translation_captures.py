"""What real agents send can be said in every other dialect, tools and turns and all."""

from __future__ import annotations

import json

import pytest

from faregate.protocols.codec import BadRequestError, RequestHead
from faregate.protocols.dialects import AnswerForm, WriteOptions
from faregate.protocols.losses import Loss
from faregate.protocols.registry import by_name, codec_for
from faregate.protocols.translation.table import DIALECTS
from faregate.protocols.translation.translator import Translation, path_of, translate
from tests.protocols.test_captures import ALL, Request

FORM = AnswerForm(request_id="r", model="m", created=1)


def translated(
    client: str, provider: str, head: RequestHead, body: bytes
) -> Translation:
    return translate(
        client=client,
        provider=provider,
        head=head,
        body=body,
        model="target",
        options=WriteOptions(),
        form=FORM,
    )


@pytest.mark.parametrize("provider", DIALECTS)
@pytest.mark.parametrize("request_", ALL)
def test_a_captured_request_in_another_dialect(
    request_: Request, provider: str
) -> None:
    found = codec_for("POST", request_.head.path)
    target = by_name(provider)
    assert found is not None
    assert target is not None
    codec = found[0]
    if codec.name == provider or codec.name not in DIALECTS:
        return
    asked = codec.inspect(request_.head, request_.body)
    translation = translated(codec.name, provider, request_.head, request_.body)
    path, query = path_of(provider, "target", stream=asked.stream)
    head = RequestHead(method="POST", path=path, query=query)
    sent = target.inspect(head, translation.body)
    assert sent.model == "target"
    assert sent.stream == asked.stream
    assert sent.output_bound == asked.output_bound
    assert sent.tools == asked.tools - len(asked.server_tools)
    assert sent.server_tools == ()
    assert bool(asked.server_tools) == (Loss.SERVER_TOOLS in translation.losses)
    assert Loss.FIELDS not in translation.losses
    assert Loss.SERVER_BLOCKS not in translation.losses


MALFORMED = [
    ("openai_chat", {"tools": [{"function": {"name": "t", "parameters": []}}]}),
    ("openai_chat", {"tools": [{"type": "function"}]}),
    ("openai_chat", {"tools": [{"function": {"name": 1}}]}),
    ("openai_chat", {"messages": [{"role": "robot", "content": "x"}]}),
    ("openai_chat", {"messages": [{"role": "user", "content": [{"type": "x"}]}]}),
    ("openai_chat", {"messages": [{"role": "tool", "content": "x"}]}),
    ("openai_chat", {"messages": ["x"]}),
    ("openai_chat", {"messages": [], "n": 2}),
    ("openai_chat", {"messages": [], "functions": [{"name": "f"}]}),
    ("openai_chat", {"messages": [], "response_format": {"type": "xml"}}),
    ("openai_responses", {"tools": [{"name": "t"}]}),
    ("openai_responses", {"tools": [{"type": "function", "parameters": {}}]}),
    ("openai_responses", {"input": [{"type": "item_reference", "id": "x"}]}),
    ("openai_responses", {"input": [{"type": "compaction", "encrypted_content": ""}]}),
    ("openai_responses", {"input": [{"role": "user", "content": [{}]}]}),
    ("openai_responses", {"input": "x", "conversation": "conv_1"}),
    ("anthropic_messages", {"tools": [{"name": "t", "input_schema": "object"}]}),
    ("anthropic_messages", {"tools": [{"input_schema": {}}]}),
    ("anthropic_messages", {"messages": [{"role": "user", "content": [{}]}]}),
    ("anthropic_messages", {"messages": [], "container": "c"}),
    ("anthropic_messages", {"messages": [], "thinking": {"budget_tokens": 1}}),
    ("gemini", {"tools": [{"functionDeclarations": [{"name": "t", "parameters": 1}]}]}),
    ("gemini", {"contents": [{"role": "robot"}]}),
    ("gemini", {"contents": [], "cachedContent": "c"}),
    ("gemini", {"contents": [], "generationConfig": {"candidateCount": 2}}),
    ("gemini", {"contents": [{"parts": [{"fileData": {"fileUri": "files/1"}}]}]}),
]


@pytest.mark.parametrize(("client", "body"), MALFORMED)
def test_what_cannot_be_read_is_refused_with_a_name(
    client: str, body: dict[str, object]
) -> None:
    provider = "openai_chat" if client != "openai_chat" else "anthropic_messages"
    path, _ = path_of(client, "m", stream=False)
    head = RequestHead(method="POST", path=path)
    asked = json.dumps({"model": "m", **body}).encode()
    with pytest.raises(BadRequestError) as refused:
        translated(client, provider, head, asked)
    assert refused.value.param is not None or "body" in refused.value.message


def test_a_body_that_is_nested_without_end_is_refused() -> None:
    head = RequestHead(method="POST", path="/v1/chat/completions")
    asked = b'{"model":"m","messages":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    with pytest.raises(BadRequestError):
        translated("openai_chat", "anthropic_messages", head, asked)


def test_two_hundred_parallel_calls_and_their_results() -> None:
    calls = [
        {
            "id": f"c{n}",
            "type": "function",
            "function": {"name": "look", "arguments": json.dumps({"n": n})},
        }
        for n in range(200)
    ]
    results = [
        {"role": "tool", "tool_call_id": f"c{n}", "content": f"r{n}"}
        for n in range(200)
    ]
    asked = json.dumps(
        {
            "model": "m",
            "messages": [
                {"role": "user", "content": "go"},
                {"role": "assistant", "content": None, "tool_calls": calls},
                *results,
            ],
        }
    ).encode()
    head = RequestHead(method="POST", path="/v1/chat/completions")
    sent = translated("openai_chat", "anthropic_messages", head, asked)
    _, said, given = json.loads(sent.body)["messages"]
    assert [block["input"]["n"] for block in said["content"]] == list(range(200))
    assert [block["tool_use_id"] for block in given["content"]] == [
        f"c{n}" for n in range(200)
    ]
    assert sent.losses == frozenset()
