"""Responses requests: facts and splices."""

from __future__ import annotations

import json
from typing import Any

import pytest

from faregate.core.facts import Work
from faregate.core.money import Money
from faregate.protocols.codec import BadRequestError, Splice
from faregate.protocols.flags import REPORTS_COST_USD
from faregate.protocols.openai_responses.usage import read_usage
from tests.protocols.requests import codec_at, inspect

PATH = "/v1/responses"
CODEC = codec_at(PATH)


def facts(**fields: Any) -> Any:
    return inspect(PATH, {"model": "m", "input": "hi", **fields})


def test_a_plain_request() -> None:
    found = facts(stream=True, max_output_tokens=9)
    assert found.protocol == "openai_responses"
    assert found.work is Work.GENERATION
    assert (found.stream, found.wants_usage) == (True, True)
    assert (found.output_bound, found.output_field) == (9, "max_output_tokens")
    assert found.messages in {0, 1}
    assert not found.media
    assert not found.stored_input
    assert (found.server_tools, found.server_tool_uses) == ((), 0)


@pytest.mark.parametrize(
    ("tool", "name"),
    [
        ({"type": "web_search"}, "web_search"),
        ({"type": "web_search_preview"}, "web_search"),
        ({"type": "code_interpreter", "container": {"type": "auto"}}, None),
        ({"type": "image_generation"}, None),
        ({"type": "computer_use_preview"}, "computer_use"),
        ({"type": "mcp", "server_url": "https://example.com"}, None),
        ({"type": "file_search", "vector_store_ids": ["vs_1"]}, None),
    ],
)
def test_server_tools(tool: dict[str, Any], name: str | None) -> None:
    found = facts(tools=[{"type": "function", "name": "f"}, tool])
    assert found.server_tools == (name or tool["type"],)
    assert found.tools == 2
    assert found.server_tool_uses is None
    assert facts(tools=[tool], max_tool_calls=4).server_tool_uses == 4


@pytest.mark.parametrize(
    ("environment", "server"),
    [
        ({"type": "container_auto", "memory_limit": "4g"}, ("shell",)),
        ({"type": "container_reference", "container_id": "cntr_1"}, ("shell",)),
        ({"type": "local"}, ()),
        (None, ()),
    ],
)
def test_a_shell_is_the_providers_where_it_runs_there(
    environment: object, server: tuple[str, ...]
) -> None:
    found = facts(tools=[{"type": "shell", "environment": environment}])
    assert found.server_tools == server


@pytest.mark.parametrize(
    "kind",
    ["function", "custom", "local_shell", "shell", "apply_patch", "tool_search"],
)
def test_tools_that_the_client_runs(kind: str) -> None:
    found = facts(tools=[{"type": kind}], max_tool_calls=4)
    assert (found.server_tools, found.server_tool_uses) == ((), 0)


def test_tools_inside_the_input() -> None:
    item = {
        "type": "additional_tools",
        "tools": [
            {"type": "namespace", "tools": [{"type": "custom"}, {"type": "function"}]},
            {"type": "web_search"},
        ],
    }
    found = facts(input=[item, {"type": "configuration_update"}])
    assert (found.tools, found.server_tools) == (3, ("web_search",))
    assert not found.media


@pytest.mark.parametrize(
    "fields",
    [
        {"previous_response_id": "resp_1"},
        {"conversation": "conv_1"},
        {"conversation": {"id": "conv_1"}},
        {"prompt": {"id": "pmpt_1"}},
        {"input": [{"type": "item_reference", "id": "msg_1"}]},
    ],
)
def test_stored_input(fields: dict[str, Any]) -> None:
    assert facts(**fields).stored_input
    assert not facts(previous_response_id=None, prompt=None).stored_input


def message(*parts: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "message", "role": "user", "content": list(parts)}]


@pytest.mark.parametrize(
    "items",
    [
        message({"type": "input_image", "image_url": "data:image/png;base64,A"}),
        message({"type": "input_text"}, {"type": "input_file", "file_id": "file-1"}),
        message({"type": "input_audio"}),
        [{"role": "user", "content": [{"type": "input_image"}]}],
        [{"type": "function_call_output", "output": [{"type": "input_image"}]}],
        [{"type": "computer_call_output", "output": {"type": "computer_screenshot"}}],
        [{"type": "image_generation_call", "result": "AAAA"}],
        [{"type": "from_the_future"}],
        [7],
    ],
)
def test_media(items: list[Any]) -> None:
    assert facts(input=items).media


@pytest.mark.parametrize(
    "items",
    [
        message({"type": "input_text", "text": "x"}),
        [{"role": "user", "content": "x"}],
        [{"type": "function_call_output", "output": "x"}],
        [{"type": "function_call_output", "output": [{"type": "input_text"}]}],
        [{"type": "reasoning", "summary": [], "encrypted_content": "x"}],
        [{"type": "reasoning", "content": [{"type": "reasoning_text"}]}],
        [{"type": "tool_search_output", "output": {"tools": []}}],
    ],
)
def test_text(items: list[Any]) -> None:
    assert not facts(input=items).media


def test_audio() -> None:
    assert facts(input=message({"type": "input_audio"})).audio
    assert not facts(input=message({"type": "input_image"})).audio
    assert not facts().audio


def test_hints() -> None:
    assert facts(prompt_cache_key="k").hints.session == "k"
    found = facts(prompt_cache_key="k", client_metadata={"session_id": "s"})
    assert found.hints.session == "s"
    assert facts(client_metadata=[1]).hints.session is None
    assert facts(client_metadata={"session_id": 7}).hints.session is None


def test_conversations_of_text_and_of_items() -> None:
    text = facts(input="hi").conversation
    assert (len(text.parts), text.sizes) == (1, (4,))
    one = message({"type": "input_text", "text": "a"})
    two = [*one, {"type": "function_call", "name": "f"}]
    first = facts(input=one, instructions="i").conversation
    second = facts(input=two, instructions="i").conversation
    assert second.parts[:1] == first.parts
    assert second.opening == first.opening
    assert second.fixed == first.fixed != facts(input=one).conversation.fixed


def test_splices() -> None:
    body = b'{"model":"m","input":"hi"}'
    spliced = CODEC.splice(body, Splice(model="n", output_bound=5))
    assert spliced == b'{"max_output_tokens":5,"model":"n","input":"hi"}'
    again = CODEC.splice(
        spliced, Splice(output_field="max_output_tokens", output_bound=6)
    )
    assert json.loads(again)["max_output_tokens"] == 6
    assert CODEC.splice(body, Splice(include_usage=True)) == body


def test_background_work_is_refused_because_its_cost_cannot_be_read() -> None:
    with pytest.raises(BadRequestError) as refused:
        facts(background=True)
    assert refused.value.param == "background"
    assert not facts(background=False).stream


def test_background_cannot_be_said_twice() -> None:
    body = b'{"model":"m","input":"hi","background":true,"background":false}'
    with pytest.raises(BadRequestError):
        inspect(PATH, body)


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_an_answer_that_is_still_being_made_is_not_complete(status: str) -> None:
    body = {"id": "resp_1", "object": "response", "status": status, "usage": None}
    answer = CODEC.answer(json.dumps(body).encode(), frozenset())
    assert not answer.complete
    assert answer.usage is None


@pytest.mark.parametrize(
    ("more", "cost"),
    [
        ({"cost": 0.001}, "0.001"),
        (
            {
                "cost": 0.001,
                "is_byok": True,
                "cost_details": {"upstream_inference_cost": 0.02},
            },
            "0.021",
        ),
        ({"cost": 0.001, "is_byok": True}, None),
    ],
)
def test_with_ones_own_key_the_vendor_is_paid_too(
    more: dict[str, object], cost: str | None
) -> None:
    block = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15, **more}
    usage = read_usage(json.dumps(block).encode(), frozenset({REPORTS_COST_USD}), 0)
    assert usage is not None
    assert usage.reported_cost == (None if cost is None else Money.usd(cost))
