"""Which tools a provider runs and bills."""

from __future__ import annotations

import json
from typing import Any

import pytest

from faregate.core.pricing import CacheWrite
from faregate.protocols import tools
from faregate.protocols.codec import BadRequestError
from faregate.protocols.gemini import request as gemini
from faregate.protocols.tools import (
    NO_TOOLS,
    ClientKinds,
    ToolFacts,
    read_tools,
    server_name,
    unique,
)
from tests.protocols.requests import inspect

GEMINI = "/v1beta/models/gemini-3:generateContent"
LISTS = {
    "/v1/chat/completions": "messages",
    "/v1/responses": "input",
    "/v1/messages": "messages",
}
CLIENT = ClientKinds(names=frozenset({"function"}), prefixes=("bash_",))


def read(*tools: dict[str, Any]) -> ToolFacts:
    return read_tools(json.dumps(tools).encode(), CLIENT)


def test_no_tools() -> None:
    assert read_tools(None, CLIENT) is NO_TOOLS
    assert read().count == 0
    assert read().uses == 0


def test_tools_of_the_client_are_only_counted() -> None:
    facts = read({"type": "function"}, {"name": "x"}, {"type": "bash_20250124"})
    assert (facts.count, facts.server, facts.uses) == (3, (), 0)


def test_a_kind_that_nobody_lists_is_the_providers() -> None:
    facts = read({"type": "function"}, {"type": "time_machine_20290101"})
    assert facts.server == ("time_machine",)
    assert facts.uses is None


def test_uses_are_summed_and_unknown_where_one_says_nothing() -> None:
    search = {"type": "web_search_20250305", "max_uses": 5}
    fetch = {"type": "web_fetch_20250910", "max_uses": 2}
    assert read(search, fetch).uses == 7
    assert read(search, search).server == ("web_search",)
    assert read(search, {"type": "web_fetch_20250910"}).uses is None


def test_a_namespace_is_looked_into() -> None:
    inner = [{"type": "function"}, {"type": "mcp"}]
    facts = read({"type": "namespace", "name": "n", "tools": inner})
    assert facts.count == 2
    assert facts.server == ("mcp",)


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b'"x"',
        b"[1]",
        b'[{"type":1}]',
        b'[{"type":"w","max_uses":0}]',
        b'[{"type":"w","max_uses":-1}]',
        b'[{"type":"w","max_uses":1.5}]',
        b'[{"type":"w","max_uses":"9"}]',
        b'[{"type":"w","max_uses":9007199254740993}]',
        b'[{"type":"namespace","tools":{}}]',
    ],
)
def test_tools_that_cannot_be_read_are_refused(raw: bytes) -> None:
    with pytest.raises(BadRequestError) as caught:
        read_tools(raw, CLIENT)
    assert caught.value.param == "tools"


def test_the_digest_leaves_cache_markers_out() -> None:
    plain = read_tools(b'[{"name":"a"}]', CLIENT)
    marked = read_tools(
        b'[{"name":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}]', CLIENT
    )
    other = read_tools(b'[{"name":"b"}]', CLIENT)
    assert plain.digest == marked.digest != other.digest
    assert (plain.cache_write, marked.cache_write) == (
        CacheWrite.NONE,
        CacheWrite.ONE_HOUR,
    )


@pytest.mark.parametrize(("size", "kept"), [(600, 1), (600_000, 0)])
@pytest.mark.parametrize("path", [*LISTS, GEMINI])
def test_long_lists_are_not_kept(path: str, size: int, kept: int) -> None:
    """A few short ones may be; as many long ones would be a gigabyte."""
    caches = (tools._remembered, gemini._remembered)
    for cache in caches:
        cache.cache_clear()
    body: dict[str, Any] = {"tools": [{"name": "x" * size}]}
    if path != GEMINI:
        body |= {"model": "m", LISTS[path]: []}
    first, second = (inspect(path, body) for _ in range(2))
    assert first.conversation.fixed == second.conversation.fixed
    assert sum(cache.cache_info().currsize for cache in caches) == kept


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("web_search_20250305", "web_search"),
        ("web_search_preview", "web_search"),
        ("web_search_preview_2025_03_11", "web_search"),
        ("web_search_2025_08_26", "web_search"),
        ("code_interpreter", "code_interpreter"),
    ],
)
def test_names_without_their_dates(kind: str, name: str) -> None:
    assert server_name(kind) == name


def test_unique_keeps_the_order() -> None:
    assert unique(["b", "a", "b"]) == ("b", "a")
