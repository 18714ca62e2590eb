"""Messages requests: facts and splices, and usage merged over events."""

from __future__ import annotations

from typing import Any

import pytest

from faregate.core.facts import Work
from faregate.core.pricing import CacheWrite
from faregate.protocols.anthropic_messages.usage import Counts, merged, read_counts
from faregate.protocols.codec import Splice
from tests.protocols.requests import codec_at, inspect

PATH = "/v1/messages"
CODEC = codec_at(PATH)
HI = {"role": "user", "content": "hi"}


def facts(path: str = PATH, **fields: Any) -> Any:
    return inspect(path, {"model": "m", "max_tokens": 9, "messages": [HI], **fields})


def test_a_plain_request() -> None:
    found = facts(stream=True)
    assert found.protocol == "anthropic_messages"
    assert found.work is Work.GENERATION
    assert (found.stream, found.wants_usage) == (True, True)
    assert (found.output_bound, found.output_field) == (9, "max_tokens")
    assert (found.service_tier, found.region) == (None, None)
    assert facts(max_tokens=None).output_bound is None


def test_counting_tokens() -> None:
    found = facts("/v1/messages/count_tokens", stream=True)
    assert found.work is Work.TOKEN_COUNT
    assert not found.stream
    assert found.output_bound is None


@pytest.mark.parametrize(
    ("tool", "server", "uses"),
    [
        ({"name": "f", "input_schema": {}}, (), 0),
        ({"type": "custom", "name": "f"}, (), 0),
        ({"type": "bash_20250124"}, (), 0),
        ({"type": "text_editor_20250728"}, (), 0),
        ({"type": "computer_20251124"}, (), 0),
        ({"type": "memory_20250818"}, (), 0),
        ({"type": "tool_search_tool_regex_20251119"}, (), 0),
        ({"type": "web_search_20250305", "max_uses": 8}, ("web_search",), 8),
        ({"type": "web_search_20250305"}, ("web_search",), None),
        ({"type": "web_fetch_20250910"}, ("web_fetch",), None),
        ({"type": "code_execution_20250825"}, ("code_execution",), None),
        ({"type": "advisor_20260301"}, ("advisor",), None),
    ],
)
def test_tools(tool: dict[str, Any], server: tuple[str, ...], uses: int | None) -> None:
    found = facts(tools=[tool])
    assert (found.tools, found.server_tools, found.server_tool_uses) == (
        1,
        server,
        uses,
    )


def test_servers_that_the_provider_calls() -> None:
    found = facts(mcp_servers=[{"type": "url", "url": "https://example.com"}])
    assert (found.server_tools, found.server_tool_uses) == (("mcp",), None)
    assert facts(mcp_servers=[]).server_tools == ()


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image", "source": {"type": "base64", "data": "A" * 9999}},
        {"type": "image", "source": {"type": "url", "url": "https://x"}},
        {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
        {"type": "container_upload", "file_id": "file_1"},
        {"type": "tool_result", "content": [{"type": "image", "source": {}}]},
        {"type": "web_fetch_tool_result", "content": {"type": "web_fetch_result"}},
    ],
)
def test_media(part: dict[str, Any]) -> None:
    assert facts(messages=[{"role": "user", "content": [part]}]).media


@pytest.mark.parametrize(
    "part",
    [
        {"type": "text", "text": "x"},
        {"type": "thinking", "thinking": "x", "signature": "s"},
        {"type": "tool_use", "input": {"type": "image"}},
        {"type": "tool_result", "content": "x"},
        {"type": "tool_result", "content": [{"type": "text", "text": "x"}]},
        {"type": "tool_result"},
        {
            "type": "web_search_tool_result",
            "content": {"type": "web_search_tool_result_error", "error_code": "x"},
        },
    ],
)
def test_text(part: dict[str, Any]) -> None:
    found = facts(messages=[{"role": "user", "content": [part]}])
    assert not found.media
    assert not found.stored_input


def test_stored_input() -> None:
    assert facts(container="container_1").stored_input
    assert facts(container={"skills": [{"type": "anthropic"}]}).stored_input
    assert not facts(container=None).stored_input


def test_what_costs_extra() -> None:
    assert facts(service_tier="auto").service_tier == "auto"
    assert facts(speed="fast", service_tier="auto").service_tier == "fast"
    assert facts(speed="standard").service_tier is None
    assert facts(inference_geo="us").region == "us"


HOUR = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}


@pytest.mark.parametrize(
    ("fields", "write"),
    [
        ({}, CacheWrite.NONE),
        ({"system": [{"type": "text", "text": "x", **HOUR}]}, CacheWrite.ONE_HOUR),
        ({"tools": [{"name": "f", **HOUR}]}, CacheWrite.ONE_HOUR),
        (HOUR, CacheWrite.ONE_HOUR),
        ({"cache_control": {"type": "ephemeral"}}, CacheWrite.FIVE_MINUTES),
        ({"cache_control": None}, CacheWrite.NONE),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", **HOUR}]}]},
            CacheWrite.ONE_HOUR,
        ),
    ],
)
def test_cache_writes(fields: dict[str, Any], write: CacheWrite) -> None:
    assert facts(**fields).cache_write is write


def test_sessions_of_older_clients() -> None:
    found = facts(metadata={"user_id": "user_1_account__session_abc-1"})
    assert found.hints.session == "abc-1"
    assert facts(metadata={"user_id": 7}).hints.session is None
    assert facts(metadata="x").hints.session is None


def test_splices() -> None:
    body = b'{"model":"m", "max_tokens":64000, "messages":[]}'
    spliced = CODEC.splice(
        body, Splice(model="n", output_field="max_tokens", output_bound=5)
    )
    assert spliced == b'{"model":"n", "max_tokens":5, "messages":[]}'
    assert CODEC.splice(body, Splice(include_usage=True)) == body
    inserted = CODEC.splice(b'{"model":"m"}', Splice(output_bound=5))
    assert inserted == b'{"max_tokens":5,"model":"m"}'


def test_totals_are_merged_and_never_added() -> None:
    first = Counts(uncached=10, read=90, output=1)
    assert merged(None, first) is first
    assert merged(first, Counts(output=7)) == Counts(uncached=10, read=90, output=7)
    assert merged(first, first) == first
    bigger = Counts(uncached=200, output=3, service_tier="standard")
    assert merged(first, bigger) == bigger


@pytest.mark.parametrize(
    "block",
    [
        b"null",
        b"[]",
        b"7",
        b'{"input_tokens":"5"}',
        b'{"input_tokens":-5}',
        b'{"output_tokens":1.5}',
        b'{"cache_read_input_tokens":-1}',
        b'{"cache_creation_input_tokens":9007199254740993}',
    ],
)
def test_blocks_that_are_not_believed(block: bytes) -> None:
    assert read_counts(block) is None


def test_writes_without_a_split_are_short_ones() -> None:
    counts = read_counts(b'{"cache_creation_input_tokens":5}')
    assert counts == Counts(write_5m=5)
    split = (
        b'{"cache_creation_input_tokens":5,"cache_creation":'
        b'{"ephemeral_5m_input_tokens":9,"ephemeral_1h_input_tokens":2}}'
    )
    assert read_counts(split) == Counts(write_5m=9, write_1h=2)
