"""The vendors' own libraries read our refusals as errors with our words."""

from __future__ import annotations

from typing import Any

import anthropic
import httpx2
import openai
import pytest
from google import genai
from google.genai import errors, types

from faregate.core.money import Money
from faregate.core.refusal import Refusal, RefusalCode
from faregate.protocols.codec import Codec
from faregate.protocols.registry import by_name
from faregate.protocols.statuses import status_of

STOP = Refusal(code=RefusalCode.STOPPED, message="Stopped by a person.")
BUDGET = Refusal(
    code=RefusalCode.BUDGET_EXCEEDED,
    message="The monthly budget is used up.",
    limit=Money.usd("20"),
)
CHUNK = (
    b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m",'
    b'"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}\n\n'
)


def codec(name: str) -> Codec:
    found = by_name(name)
    assert found is not None
    return found


def answering(content: bytes, *, status: int = 200) -> httpx2.Client:
    kind = "text/event-stream" if status == 200 else "application/json"

    def reply(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, headers={"content-type": kind}, content=content)

    return httpx2.Client(transport=httpx2.MockTransport(reply))


def openai_client(content: bytes, *, status: int = 200) -> openai.OpenAI:
    return openai.OpenAI(
        api_key="x",
        base_url="http://127.0.0.1:1/v1",
        http_client=answering(content, status=status),
        max_retries=0,
    )


def anthropic_client(content: bytes, *, status: int = 200) -> anthropic.Anthropic:
    return anthropic.Anthropic(
        api_key="x",
        base_url="http://127.0.0.1:1",
        http_client=answering(content, status=status),
        max_retries=0,
    )


def gemini_client(content: bytes, *, status: int = 200) -> genai.Client:
    return genai.Client(
        api_key="x",
        http_options=types.HttpOptions(
            base_url="http://127.0.0.1:1",
            httpx_client=answering(content, status=status),
        ),
    )


MESSAGES: list[Any] = [{"role": "user", "content": "hi"}]


def status(refusal: Refusal) -> int:
    return status_of(refusal.code, litellm_family=False)


def test_chat_refusal() -> None:
    body = codec("openai_chat").refusal_body(BUDGET, "r")
    client = openai_client(body, status=status(BUDGET))
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="m", messages=MESSAGES)
    assert BUDGET.message in str(caught.value)
    assert caught.value.code == "budget_exceeded"


def test_chat_stream_that_is_ended() -> None:
    stop = codec("openai_chat").error_event(STOP, "r")
    client = openai_client(CHUNK + stop)
    stream = client.chat.completions.create(model="m", messages=MESSAGES, stream=True)
    assert next(stream).choices[0].delta.content == "Hi"
    with pytest.raises(openai.APIError, match=STOP.message):
        next(stream)


def test_responses_stream_that_is_ended() -> None:
    client = openai_client(codec("openai_responses").error_event(STOP, "r"))
    with pytest.raises(openai.APIError, match=STOP.message):
        list(client.responses.create(model="m", input="hi", stream=True))


def test_messages_refusal() -> None:
    body = codec("anthropic_messages").refusal_body(BUDGET, "r")
    client = anthropic_client(body, status=status(BUDGET))
    with pytest.raises(anthropic.BadRequestError, match=BUDGET.message):
        client.messages.create(model="m", max_tokens=5, messages=MESSAGES)


def test_messages_stream_that_is_ended() -> None:
    client = anthropic_client(codec("anthropic_messages").error_event(STOP, "r"))
    with pytest.raises(anthropic.APIStatusError, match=STOP.message):
        list(
            client.messages.create(
                model="m", max_tokens=5, messages=MESSAGES, stream=True
            )
        )


def test_gemini_refusal() -> None:
    body = codec("gemini").refusal_body(BUDGET, "r")
    client = gemini_client(body, status=status(BUDGET))
    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(model="m", contents="hi")
    assert caught.value.message == BUDGET.message
    assert caught.value.status == "INVALID_ARGUMENT"


def test_gemini_stream_that_is_ended() -> None:
    client = gemini_client(codec("gemini").error_event(STOP, "r"))
    with pytest.raises(errors.APIError) as caught:
        list(client.models.generate_content_stream(model="m", contents="hi"))
    assert caught.value.message == STOP.message
