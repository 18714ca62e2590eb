"""Each dialect is read by the real SDK of its protocol, whole and streamed."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import types as google

from faregate.smoke.simulated.rates import Counts
from faregate.smoke.simulated.reply import ToolCall
from faregate.smoke.simulated.script import Step
from tests.smoke.wire import CALLS, GEMINI, post

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from faregate.smoke.simulated.server import SimulatedProvider

ARGUMENTS: list[dict[str, Any]] = [{"command": "echo hi"}, {"path": "a.txt", "n": 3}]
USAGE = Counts(input=900, cached=100, output=50, reasoning=20)
FULL = Step(
    reasoning="let me think about this",
    text="I will run two tools.",
    tools=(
        ToolCall(name="bash", arguments=ARGUMENTS[0]),
        ToolCall(name="read", arguments=ARGUMENTS[1]),
    ),
    usage=USAGE,
)
MODEL = "sim-small"


@pytest.fixture
async def chatgpt(provider: SimulatedProvider) -> AsyncIterator[openai.AsyncOpenAI]:
    url = provider.url + "/v1"
    async with openai.AsyncOpenAI(base_url=url, api_key="k", max_retries=0) as client:
        yield client


@pytest.fixture
async def claude(
    provider: SimulatedProvider,
) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(
        base_url=provider.url, api_key="k", max_retries=0
    ) as client:
        yield client


async def test_chat_whole(
    provider: SimulatedProvider, chatgpt: openai.AsyncOpenAI
) -> None:
    provider.script(FULL)
    answer = await chatgpt.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "hi"}]
    )
    choice = answer.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content == FULL.text
    calls = choice.message.tool_calls or []
    assert [
        json.loads(c.function.arguments) for c in calls if c.type == "function"
    ] == (ARGUMENTS)
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (1000, 50)
    assert answer.usage.prompt_tokens_details is not None
    assert answer.usage.prompt_tokens_details.cached_tokens == 100
    assert answer.usage.completion_tokens_details is not None
    assert answer.usage.completion_tokens_details.reasoning_tokens == 20


async def test_chat_streamed(
    provider: SimulatedProvider, chatgpt: openai.AsyncOpenAI
) -> None:
    provider.script(FULL)
    async with chatgpt.chat.completions.stream(
        model=MODEL,
        messages=[{"role": "user", "content": "hi"}],
        stream_options={"include_usage": True},
    ) as stream:
        chunks = [event.chunk async for event in stream if event.type == "chunk"]
        final = await stream.get_final_completion()
    assert [bool(chunk.usage) for chunk in chunks] == [False] * (len(chunks) - 1) + [
        True
    ]
    assert chunks[-1].choices == []
    message = final.choices[0].message
    assert message.content == FULL.text
    assert [json.loads(c.function.arguments) for c in message.tool_calls or []] == (
        ARGUMENTS
    )
    assert final.usage is not None
    assert final.usage.total_tokens == 1050
    thought = "".join(
        chunk.choices[0].delta.model_dump().get("reasoning_content") or ""
        for chunk in chunks
        if chunk.choices
    )
    assert thought == FULL.reasoning


async def test_chat_stream_has_no_usage_unless_asked(
    provider: SimulatedProvider,
) -> None:
    path, body = CALLS["chat"]
    plain = await post(provider.url, path, {**body, "stream": True})
    assert "usage" not in plain.body.decode()
    assert plain.events[-1] == "[DONE]"


async def test_messages_whole(
    provider: SimulatedProvider, claude: anthropic.AsyncAnthropic
) -> None:
    provider.script(FULL)
    answer = await claude.messages.create(
        model=MODEL, max_tokens=1000, messages=[{"role": "user", "content": "hi"}]
    )
    assert [block.type for block in answer.content] == [
        "thinking",
        "text",
        "tool_use",
        "tool_use",
    ]
    inputs = [b.input for b in answer.content if b.type == "tool_use"]
    assert inputs == ARGUMENTS
    assert answer.stop_reason == "tool_use"
    # Anthropic counts cached tokens outside of its input tokens.
    assert answer.usage.input_tokens == 900
    assert answer.usage.cache_read_input_tokens == 100
    assert answer.usage.output_tokens == 50


async def test_messages_streamed(
    provider: SimulatedProvider, claude: anthropic.AsyncAnthropic
) -> None:
    provider.script(FULL)
    async with claude.messages.stream(
        model=MODEL, max_tokens=1000, messages=[{"role": "user", "content": "hi"}]
    ) as stream:
        starts = [event async for event in stream if event.type == "message_start"]
        final = await stream.get_final_message()
    assert [start.message.usage.output_tokens for start in starts] == [1]
    assert [b.input for b in final.content if b.type == "tool_use"] == ARGUMENTS
    assert [b.thinking for b in final.content if b.type == "thinking"] == [
        FULL.reasoning
    ]
    assert final.usage.output_tokens == 50
    assert final.usage.cache_read_input_tokens == 100
    assert final.stop_reason == "tool_use"


async def test_responses_whole(
    provider: SimulatedProvider, chatgpt: openai.AsyncOpenAI
) -> None:
    provider.script(FULL)
    answer = await chatgpt.responses.create(model=MODEL, input="hi")
    assert [item.type for item in answer.output] == [
        "reasoning",
        "message",
        "function_call",
        "function_call",
    ]
    assert answer.output_text == FULL.text
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (1000, 50)
    assert answer.usage.input_tokens_details.cached_tokens == 100
    assert answer.usage.output_tokens_details.reasoning_tokens == 20


async def test_responses_streamed(
    provider: SimulatedProvider, chatgpt: openai.AsyncOpenAI
) -> None:
    provider.script(FULL)
    async with chatgpt.responses.stream(model=MODEL, input="hi") as stream:
        events = [event async for event in stream]
        final = await stream.get_final_response()
    assert events[0].type == "response.created"
    assert events[-1].type == "response.completed"
    calls = [item for item in final.output if item.type == "function_call"]
    assert [json.loads(call.arguments) for call in calls] == ARGUMENTS
    assert final.usage is not None
    assert final.usage.total_tokens == 1050


async def test_responses_numbers_its_events_and_ends_without_done(
    provider: SimulatedProvider,
) -> None:
    path, body = CALLS["responses"]
    streamed = await post(provider.url, path, {**body, "stream": True})
    numbers = [json.loads(event)["sequence_number"] for event in streamed.events]
    assert numbers == list(range(len(numbers)))
    assert json.loads(streamed.events[-1])["type"] == "response.completed"


async def test_responses_cut_at_the_bound_is_incomplete(
    chatgpt: openai.AsyncOpenAI,
) -> None:
    answer = await chatgpt.responses.create(
        model=MODEL, input="hi", max_output_tokens=16
    )
    assert answer.status == "incomplete"
    assert answer.incomplete_details is not None
    assert answer.incomplete_details.reason == "max_output_tokens"


@pytest.mark.parametrize("stream", [False, True])
async def test_gemini(provider: SimulatedProvider, stream: bool) -> None:
    provider.script(FULL)
    # The synchronous client is enough: what it reads is what is tested.
    answers = await asyncio.to_thread(_asked, provider.url, stream)
    parts = [part for answer in answers for part in _parts(answer)]
    usage = answers[-1].usage_metadata
    said = "".join(p.text for p in parts if p.text and not p.thought)
    thought = "".join(p.text for p in parts if p.text and p.thought)
    assert (said, thought) == (FULL.text, FULL.reasoning)
    assert [p.function_call.args for p in parts if p.function_call] == ARGUMENTS
    assert usage is not None
    assert usage.prompt_token_count == 1000
    assert usage.cached_content_token_count == 100
    # Google counts thoughts outside of its candidates.
    assert (usage.candidates_token_count, usage.thoughts_token_count) == (30, 20)
    assert usage.total_token_count == 1050


async def test_gemini_streams_one_json_array_without_sse(
    provider: SimulatedProvider,
) -> None:
    path = "/v1beta/models/sim-small:streamGenerateContent"
    answer = await post(provider.url, path, GEMINI)
    assert b"content-type: application/json" in answer.head
    parts = [chunk["candidates"][0]["content"]["parts"][0] for chunk in answer.json]
    assert len("".join(part["text"] for part in parts).split()) == 32


async def test_completions(
    provider: SimulatedProvider, chatgpt: openai.AsyncOpenAI
) -> None:
    whole = await chatgpt.completions.create(model=MODEL, prompt="hi")
    assert whole.usage is not None
    assert whole.usage.completion_tokens == 16  # the default of this old API
    stream = await chatgpt.completions.create(
        model=MODEL,
        prompt="hi",
        stream=True,
        max_tokens=9,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]
    assert len("".join(c.choices[0].text for c in chunks if c.choices).split()) == 9
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 9
    assert [row.output for row in provider.bill.rows] == [16, 9]


async def test_embeddings(
    provider: SimulatedProvider, chatgpt: openai.AsyncOpenAI
) -> None:
    # The SDK asks for base64 by itself and unpacks it.
    packed = await chatgpt.embeddings.create(model=MODEL, input=["a", "b"])
    plain = await chatgpt.embeddings.create(
        model=MODEL, input="a", encoding_format="float"
    )
    assert len(packed.data) == 2
    assert packed.data[0].embedding == plain.data[0].embedding
    row = provider.bill.rows[0]
    assert (row.input, row.output) == (packed.usage.prompt_tokens, 0)


async def test_lists_of_models(
    chatgpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic
) -> None:
    wanted = ["sim-small", "sim-large"]
    assert [model.id async for model in chatgpt.models.list()] == wanted
    assert [model.id async for model in claude.models.list()] == wanted
    counted = await claude.messages.count_tokens(
        model=MODEL, messages=[{"role": "user", "content": "hi"}]
    )
    assert counted.input_tokens > 0


async def test_errors_reach_the_sdks_in_their_own_shape(
    provider: SimulatedProvider,
    chatgpt: openai.AsyncOpenAI,
    claude: anthropic.AsyncAnthropic,
) -> None:
    with pytest.raises(openai.RateLimitError) as limited:
        await chatgpt.responses.create(model="sim-small#429_quota", input="hi")
    assert limited.value.code == "insufficient_quota"
    with pytest.raises(anthropic.InternalServerError) as loaded:
        await claude.messages.create(
            model="sim-small#529",
            max_tokens=9,
            messages=[{"role": "user", "content": "hi"}],
        )
    body = loaded.value.body
    assert isinstance(body, dict)
    assert body["error"]["type"] == "overloaded_error"
    refused = await post(
        provider.url, "/v1beta/models/sim-small%23403:generateContent", GEMINI
    )
    assert refused.json["error"]["status"] == "PERMISSION_DENIED"


def _asked(url: str, stream: bool) -> list[google.GenerateContentResponse]:
    options = google.HttpOptions(base_url=url)
    with genai.Client(api_key="k", http_options=options) as client:
        if stream:
            streamed = client.models.generate_content_stream(model=MODEL, contents="hi")
            return list(streamed)
        return [client.models.generate_content(model=MODEL, contents="hi")]


def _parts(answer: google.GenerateContentResponse) -> list[google.Part]:
    content = (answer.candidates or [google.Candidate()])[0].content
    return (content.parts or []) if content else []
