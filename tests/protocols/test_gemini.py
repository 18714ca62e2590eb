"""generateContent requests: facts and splices."""

from __future__ import annotations

import json
from typing import Any

import pytest

from faregate.core.facts import Work
from faregate.core.usage import Usage
from faregate.protocols.codec import BadRequestError, RequestHead, Splice
from faregate.protocols.gemini.paths import read_path
from faregate.protocols.gemini.usage import read_counts
from tests.protocols.requests import codec_at, inspect

PATH = "/v1beta/models/m-1:generateContent"
CODEC = codec_at(PATH)
HI = {"role": "user", "parts": [{"text": "hi"}]}


def facts(path: str = PATH, **fields: Any) -> Any:
    return inspect(path, {"contents": [HI], **fields})


def part(**fields: Any) -> Any:
    return facts(contents=[HI, {"role": "user", "parts": [fields]}])


def test_a_plain_request() -> None:
    found = facts()
    assert found.protocol == "gemini"
    assert found.work is Work.GENERATION
    assert (found.model, found.stream, found.messages) == ("m-1", False, 1)
    assert (found.output_bound, found.choices) == (None, 1)
    assert facts("/v1/models/m-1:streamGenerateContent").stream


def test_counting_tokens() -> None:
    found = inspect(
        "/v1beta/models/m-1:countTokens",
        {"generateContentRequest": {"model": "models/other"}},
    )
    assert found.work is Work.TOKEN_COUNT
    assert found.model == "m-1"


@pytest.mark.parametrize("config", ["generationConfig", "generation_config"])
@pytest.mark.parametrize("bound", ["maxOutputTokens", "max_output_tokens"])
def test_bounds_in_either_spelling(config: str, bound: str) -> None:
    fields: dict[str, Any] = {config: {bound: 5, "candidateCount": 2}}
    found = facts(**fields)
    assert (found.output_bound, found.output_field, found.choices) == (5, bound, 2)


@pytest.mark.parametrize(
    ("tools", "count", "server"),
    [
        ([{"functionDeclarations": [{"name": "a"}, {"name": "b"}]}], 2, ()),
        ([{"function_declarations": [{"name": "a"}]}], 1, ()),
        ([{"googleSearch": {}}], 1, ("google_search",)),
        ([{"google_search": {}}, {"codeExecution": {}}], 2, None),
        ([{"urlContext": {}}], 1, ("url_context",)),
        ([{"computerUse": {}}], 0, ()),
        ([{"somethingNew": {}}], 1, ("something_new",)),
        ([{"googleSearch": None}], 0, ()),
    ],
)
def test_tools(tools: list[Any], count: int, server: tuple[str, ...] | None) -> None:
    found = facts(tools=tools)
    expected = ("google_search", "code_execution") if server is None else server
    assert (found.tools, found.server_tools) == (count, expected)
    assert found.server_tool_uses == (None if expected else 0)


@pytest.mark.parametrize(
    "fields",
    [
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
        {"inline_data": {"mime_type": "image/png", "data": "AAAA"}},
        {"fileData": {"fileUri": "gs://x"}},
        {"file_data": {"file_uri": "gs://x"}},
        {"functionResponse": {"parts": [{"inlineData": {"data": "AAAA"}}]}},
        {"function_response": {"parts": [{"file_data": {}}]}},
    ],
)
def test_media(fields: dict[str, Any]) -> None:
    assert part(**fields).media


@pytest.mark.parametrize(
    ("fields", "audio"),
    [
        ({"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}}, True),
        ({"inline_data": {"mime_type": "AUDIO/wav", "data": "AAAA"}}, True),
        ({"fileData": {"mimeType": "video/mp4", "fileUri": "x"}}, True),
        ({"fileData": {"fileUri": "x"}}, True),
        ({"fileData": 7}, True),
        ({"inlineData": {"mimeType": "image/png", "data": "AAAA"}}, False),
        ({"text": "audio"}, False),
    ],
)
def test_audio(fields: dict[str, Any], audio: bool) -> None:
    assert part(**fields).audio is audio


def test_spoken_answers() -> None:
    assert facts(generationConfig={"responseModalities": ["AUDIO"]}).audio
    assert not facts(generationConfig={"responseModalities": ["TEXT"]}).audio


@pytest.mark.parametrize(
    "fields",
    [
        {"text": '"inlineData":'},
        {"inlineData": None},
        {"functionCall": {"name": "f", "args": {"inlineData": 1}}},
        {"functionResponse": {"response": {"fileData": 1}}},
        {"thoughtSignature": "x"},
    ],
)
def test_text(fields: dict[str, Any]) -> None:
    assert not part(**fields).media


def test_contents_of_an_unknown_form_count_as_media() -> None:
    assert facts(contents=[{"parts": "x"}]).media


def test_stored_input_and_tier() -> None:
    assert facts(cachedContent="cachedContents/1").stored_input
    assert facts(cached_content="cachedContents/1").stored_input
    assert not facts().stored_input
    assert facts(serviceTier="PRIORITY").service_tier == "priority"
    assert facts(service_tier="flex").service_tier == "flex"


def test_conversations() -> None:
    system = {"parts": [{"text": "be nice"}]}
    one = facts(systemInstruction=system).conversation
    longer = facts(
        systemInstruction=system, contents=[HI, {"role": "model", "parts": []}]
    ).conversation
    assert longer.parts[:1] == one.parts
    assert (longer.fixed, longer.opening) == (one.fixed, one.opening)
    assert facts(system_instruction=system).conversation == one
    other = facts("/v1beta/models/m-2:generateContent", systemInstruction=system)
    assert other.conversation.fixed != one.fixed


@pytest.mark.parametrize(
    ("body", "result"),
    [
        ("{}", '{"generationConfig":{"maxOutputTokens":5}}'),
        ('{"a":1}', '{"generationConfig":{"maxOutputTokens":5},"a":1}'),
        ('{"generationConfig":null}', '{"generationConfig":{"maxOutputTokens":5}}'),
        (
            '{"generationConfig": {"maxOutputTokens": 99, "x":1}}',
            '{"generationConfig": {"maxOutputTokens": 5, "x":1}}',
        ),
        (
            '{"generation_config":{"max_output_tokens":99}}',
            '{"generation_config":{"max_output_tokens":5}}',
        ),
    ],
)
def test_splices(body: str, result: str) -> None:
    changes = Splice(output_field="maxOutputTokens", output_bound=5)
    assert CODEC.splice(body.encode(), changes).decode() == result


def test_the_model_is_in_the_path_alone() -> None:
    body = json.dumps({"contents": [HI]}).encode()
    assert CODEC.splice(body, Splice(model="n", include_usage=True)) == body


@pytest.mark.parametrize("model", ["a b", "..", "a/../b", "x" * 300, "a\x1b"])
def test_models_that_are_none(model: str) -> None:
    head = RequestHead(method="POST", path=f"/v1beta/models/{model}:generateContent")
    with pytest.raises(BadRequestError) as caught:
        CODEC.inspect(head, b"{}")
    assert caught.value.param == "model"


def test_a_path_of_another_dialect() -> None:
    head = RequestHead(method="POST", path="/v1/chat/completions")
    with pytest.raises(BadRequestError, match="path"):
        CODEC.inspect(head, b"{}")
    assert read_path("/v1/chat/completions") is None


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (
            {"promptTokenCount": 9, "candidatesTokenCount": 2},
            Usage(uncached_input=9, output=2),
        ),
        (
            {"promptTokenCount": 9, "candidatesTokenCount": None},
            Usage(uncached_input=9),
        ),
        (
            {"promptTokenCount": 9.0, "thoughtsTokenCount": 4},
            Usage(uncached_input=9, output=4, reasoning=4),
        ),
        (
            {"promptTokenCount": 9, "cachedContentTokenCount": -4},
            Usage(uncached_input=9),
        ),
        (
            {"promptTokenCount": 9, "cachedContentTokenCount": 40},
            Usage(uncached_input=9, cache_read=40),
        ),
        (
            {"promptTokenCount": 9, "toolUsePromptTokenCount": 5},
            Usage(uncached_input=14),
        ),
        (
            {"promptTokenCount": 9, "totalTokenCount": 30},
            Usage(uncached_input=9, output=21),
        ),
        ({"promptTokenCount": "9"}, None),
        ({"promptTokenCount": -9}, None),
        ({"promptTokenCount": 9, "candidatesTokenCount": -1}, None),
        ({"promptTokenCount": 9, "totalTokenCount": 2**60}, None),
        ({"promptTokenCount": 9, "thoughtsTokenCount": "x"}, None),
        ({"promptTokenCount": 0, "candidatesTokenCount": 0}, None),
        ([], None),
        (None, None),
    ],
)
def test_usage_blocks(block: object, expected: Usage | None) -> None:
    counts = read_counts(json.dumps(block).encode())
    assert (None if counts is None else counts.usage(0)) == expected
