"""Chat Completions requests: facts and splices."""

from __future__ import annotations

import json
from typing import Any

import pytest

from faregate.core.facts import Work
from faregate.core.pricing import CacheWrite
from faregate.protocols.codec import BadRequestError, RequestHead, Splice
from tests.protocols.requests import codec_at, inspect

PATH = "/v1/chat/completions"
CODEC = codec_at(PATH)
HI = {"role": "user", "content": "hi"}


def facts(**fields: Any) -> Any:
    return inspect(PATH, {"model": "m", "messages": [HI], **fields})


def splice(body: str, **changes: Any) -> str:
    return CODEC.splice(body.encode(), Splice(**changes)).decode()


def test_a_plain_request() -> None:
    found = facts()
    assert found.protocol == "openai_chat"
    assert found.work is Work.GENERATION
    assert (found.model, found.stream, found.wants_usage) == ("m", False, True)
    assert (found.output_bound, found.output_field, found.choices) == (None, None, 1)
    assert (found.messages, found.tools, found.server_tools) == (1, 0, ())
    assert found.server_tool_uses == 0
    assert found.cache_write is CacheWrite.NONE
    assert found.service_tier is None


@pytest.mark.parametrize(
    ("options", "wants"),
    [
        (None, False),
        ({}, False),
        ({"include_usage": False}, False),
        ({"include_usage": None}, False),
        ({"include_usage": True}, True),
        ({"include_usage": True, "continuous_usage_stats": True}, True),
    ],
)
def test_whether_a_stream_asks_for_usage(options: object, wants: bool) -> None:
    assert facts(stream=True, stream_options=options).wants_usage is wants
    assert facts(stream=False, stream_options=options).wants_usage


def test_bounds_tiers_and_choices() -> None:
    found = facts(max_tokens=100, n=3, service_tier="priority")
    assert (found.output_bound, found.output_field) == (100, "max_tokens")
    assert (found.choices, found.service_tier) == (3, "priority")
    found = facts(max_completion_tokens=7)
    assert (found.output_bound, found.output_field) == (7, "max_completion_tokens")


@pytest.mark.parametrize(
    "fields",
    [
        {"web_search_options": {}},
        {"search_parameters": {"mode": "auto"}},
        {"enable_search": True},
        {"model": "vendor/m:online"},
        {"tools": [{"type": "web_search"}]},
    ],
)
def test_searches_of_the_provider(fields: dict[str, Any]) -> None:
    found = facts(**fields)
    assert found.server_tools == ("web_search",)
    assert found.server_tool_uses is None


def test_an_answer_that_is_predicted_may_be_billed() -> None:
    content = {"type": "content", "content": "x" * 100}
    assert facts(prediction=content).predicted == len(json.dumps(content))
    assert facts(prediction=None).predicted == 0
    assert facts().predicted == 0


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("fileid://file-fe-1", True),
        ("see fileid://file-fe-1", False),
        ('the code says "fileid://file-fe-1"', False),
        ("hello", False),
    ],
)
def test_a_text_that_names_a_stored_file(text: str, stored: bool) -> None:
    system = {"role": "system", "content": text}
    assert facts(messages=[system, HI]).stored_input is stored
    both = {"role": "user", "content": 'say "fileid://" and'}
    again = {"role": "system", "content": "fileid://a,fileid://b"}
    assert facts(messages=[both, again]).stored_input


def test_tools() -> None:
    function = {"type": "function", "function": {"name": "f"}}
    found = facts(tools=[function, {"type": "custom"}], functions=[{"name": "g"}])
    assert (found.tools, found.server_tools) == (3, ())
    assert facts(plugins=[{"id": "web"}]).server_tools == ("plugins",)
    assert facts(enable_search=False, plugins=[]).server_tools == ()


def test_a_list_of_further_models_is_refused() -> None:
    with pytest.raises(BadRequestError, match="name one model") as caught:
        facts(models=["cheap", "dear"])
    assert caught.value.param == "models"
    assert facts(models=[]).model == "m"


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "https://example.com/x.png"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "video_url", "video_url": {"url": "x"}},
    ],
)
def test_media(part: dict[str, Any]) -> None:
    message = {"role": "user", "content": [{"type": "text", "text": "x"}, part]}
    assert facts(messages=[HI, message]).media
    assert not facts(messages=[HI]).media


def test_audio() -> None:
    sound = {"type": "input_audio", "input_audio": {"data": "AAAA"}}
    picture = {"type": "image_url", "image_url": {"url": "x"}}
    assert facts(messages=[{"role": "user", "content": [sound]}]).audio
    assert not facts(messages=[{"role": "user", "content": [picture]}]).audio
    spoken = {"role": "assistant", "audio": {"id": "audio_1"}}
    assert facts(messages=[HI, spoken]).audio
    assert facts(modalities=["text", "audio"]).audio
    assert not facts(modalities=["text"]).audio
    assert not facts().audio


def test_cache_markers_and_session() -> None:
    marked = [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}]
    found = facts(
        messages=[{"role": "system", "content": marked}, HI], prompt_cache_key="s-1"
    )
    assert found.cache_write is CacheWrite.FIVE_MINUTES
    assert found.hints.session == "s-1"
    assert facts(session_id="s-2", prompt_cache_key="s-1").hints.session == "s-2"
    assert facts(prompt_cache_key=7).hints.session is None


def test_headers_are_read() -> None:
    head = RequestHead(
        method="POST", path=PATH, headers={"x-session-id": "s", "user-agent": "curl/8"}
    )
    hints = CODEC.inspect(head, b'{"model":"m","messages":[]}').hints
    assert (hints.session, hints.agent) == ("s", "curl")


def test_the_opening_ends_at_the_first_user_message() -> None:
    system = {"role": "system", "content": "be nice"}
    one = facts(messages=[system, HI]).conversation
    two = facts(messages=[system, HI, {"role": "assistant", "content": "x"}])
    assert one.opening == two.conversation.opening
    assert len(two.conversation.parts) == 3
    other = facts(messages=[{"role": "system", "content": "be bad"}, HI])
    assert other.conversation.opening != one.opening


@pytest.mark.parametrize(
    ("body", "changes", "result"),
    [
        ('{"model":"m"}', {"model": "n/o"}, '{"model":"n/o"}'),
        ('{ "model" : "m" , "x":1}', {"model": "n"}, '{ "model" : "n" , "x":1}'),
        ('{"x":"é","model":"m"}', {"model": "ñ"}, '{"x":"é","model":"ñ"}'),
        (
            '{"model":"m"}',
            {"output_field": "max_tokens", "output_bound": 5},
            '{"max_tokens":5,"model":"m"}',
        ),
        (
            '{"model":"m","max_tokens":900}',
            {"output_field": "max_tokens", "output_bound": 5},
            '{"model":"m","max_tokens":5}',
        ),
        (
            '{"max_tokens": null,"model":"m"}',
            {"output_field": "max_tokens", "output_bound": 5},
            '{"max_tokens": 5,"model":"m"}',
        ),
        (
            '{"max_tokens": 900,"model":"m"}',
            {"output_field": "max_completion_tokens", "output_bound": 5},
            '{"max_completion_tokens": 5,"model":"m"}',
        ),
        (
            '{"max_tokens":9,"max_completion_tokens":9,"model":"m"}',
            {"output_field": "max_tokens", "output_bound": 5},
            '{"max_tokens":5,"max_completion_tokens":5,"model":"m"}',
        ),
        ('{"model":"m"}', {"output_bound": 5}, '{"max_tokens":5,"model":"m"}'),
        (
            '{"max_completion_tokens":9}',
            {"output_bound": 5},
            '{"max_completion_tokens":5}',
        ),
        (
            '{"model":"m","stream":true}',
            {"include_usage": True},
            '{"stream_options":{"include_usage":true},"model":"m","stream":true}',
        ),
        (
            '{"stream_options":null}',
            {"include_usage": True},
            '{"stream_options":{"include_usage":true}}',
        ),
        (
            '{"stream_options":{}}',
            {"include_usage": True},
            '{"stream_options":{"include_usage":true}}',
        ),
        (
            '{"stream_options":{ "include_usage":false, "x":1 }}',
            {"include_usage": True},
            '{"stream_options":{ "include_usage":true, "x":1 }}',
        ),
        (
            '{"stream_options":{"x":1}}',
            {"include_usage": True},
            '{"stream_options":{"include_usage":true,"x":1}}',
        ),
        ('{"model":"m"}', {}, '{"model":"m"}'),
    ],
)
def test_splices(body: str, changes: dict[str, Any], result: str) -> None:
    assert splice(body, **changes) == result


def test_all_changes_at_once() -> None:
    body = '{"messages":[{"role":"user","content":"\\u00e9 é"}],"model":"m","n":1}'
    spliced = splice(
        body,
        model="other",
        output_field="max_tokens",
        output_bound=5,
        include_usage=True,
    )
    assert json.loads(spliced) == {
        **json.loads(body),
        "model": "other",
        "max_tokens": 5,
        "stream_options": {"include_usage": True},
    }
    assert '"content":"\\u00e9 é"' in spliced
