"""What real agents send is read right: identity, bounds, and how turns connect."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import NamedTuple

import pytest

from faregate.core.facts import RequestFacts
from faregate.core.pricing import CacheWrite
from faregate.protocols.codec import RequestHead, Splice
from faregate.protocols.registry import codec_for

FOLDER = Path(__file__).parent / "captures"

CLAUDE = "34caeec6-0d13-4371-a7a7-6ab983594a5a"
CODEX = "01a20813-f6bd-7bd1-bf93-df045171d4f2"
OPENCODE = "ses_df7da1ddfffeTt7xNq9fByU402"


class Request(NamedTuple):
    head: RequestHead
    body: bytes


def load(name: str) -> list[Request]:
    lines = gzip.decompress((FOLDER / f"{name}.jsonl.gz").read_bytes()).splitlines()
    found = []
    for line in lines:
        seen = json.loads(line)
        path, _, query = seen["path"].partition("?")
        head = RequestHead(
            method="POST", path=path, query=query, headers=seen["headers"]
        )
        found.append(Request(head, seen["body"].encode()))
    return found


def facts_of(request: Request) -> RequestFacts:
    found = codec_for("POST", request.head.path)
    assert found is not None
    codec, work = found
    facts = codec.inspect(request.head, request.body)
    assert facts.work is work
    assert facts.protocol == codec.name
    return facts


ALL = [
    pytest.param(request, id=f"{path.name[:-9]}-{index}")
    for path in sorted(FOLDER.glob("*.gz"))
    for index, request in enumerate(load(path.name[:-9]))
]

# file, line: agent, model, stream, bound, messages, tools
TABLE = [
    ("claude-ok", 0, "claude-code", "claude-opus-4-8", True, 64000, 2, 25),
    ("claude-sub", 1, "claude-code", "claude-opus-4-8", True, 64000, 2, 22),
    ("cline-tool", 0, "ai-sdk", "mock-model", True, None, 2, 25),
    ("cn-ok", 0, "continue", "mock-model", True, None, 2, 11),
    ("cn-anthropic-ok", 0, None, "claude-sonnet-4-5", True, 32000, 1, 11),
    ("codex-ok", 0, "codex", "gpt-5.1-codex", True, None, 4, 13),
    ("codex-oaibase-ok", 0, "codex", "gpt-6.1-sol", True, None, 8, 11),
    ("gemini-ok", 0, "gemini-cli", "gemini-3.5-flash-lite", False, None, 2, 0),
    ("gemini-ok", 1, "gemini-cli", "gemini-3.8-flash", True, None, 1, 15),
    ("opencode-ok", 0, "opencode", "mock-model", True, 32000, 3, 0),
    ("opencode-ok", 1, "opencode", "mock-model", True, 32000, 2, 10),
    ("opencode-openai-ok", 1, "opencode", "gpt-5", True, None, 2, 9),
    (
        "opencode-anthropic-ok",
        0,
        "opencode",
        "claude-haiku-4-5-20251001",
        True,
        48000,
        1,
        0,
    ),
    ("qwen-ok", 0, "qwen-code", "mock-model", True, 8000, 4, 15),
    ("qwen-anthropic-ok", 0, "qwen-code", "claude-mock", True, 8000, 3, 15),
]


@pytest.mark.parametrize(
    ("name", "line", "agent", "model", "stream", "bound", "messages", "tools"), TABLE
)
def test_facts(
    name: str,
    line: int,
    agent: str | None,
    model: str,
    stream: bool,
    bound: int | None,
    messages: int,
    tools: int,
) -> None:
    facts = facts_of(load(name)[line])
    assert facts.hints.agent == agent
    assert (facts.model, facts.stream, facts.output_bound) == (model, stream, bound)
    assert (facts.messages, facts.tools) == (messages, tools)
    assert facts.output_field == (None if bound is None else "max_tokens")
    assert not facts.media
    assert not facts.stored_input
    assert facts.wants_usage
    assert facts.choices == 1


# file, line: session, sub-agent, parent, workspace
IDENTITY = [
    ("claude-sub", 0, CLAUDE, None, None, None),
    ("claude-sub", 1, CLAUDE, "a35d3de490004a0f5", None, None),
    ("claude-sub", 2, CLAUDE, None, None, None),
    ("codex-sub", 1, CODEX, None, None, "project"),
    (
        "codex-sub",
        2,
        CODEX,
        "01a20813-fd29-7e70-ae08-bf4725e00140",
        None,
        "project",
    ),
    ("codex-sess", 0, "01a20811-dee3-7a91-803a-7971b55a0bd5", None, None, "project"),
    ("codex-sess", 1, "01a20811-dee3-7a91-803a-7971b55a0bd5", None, None, "project"),
    ("codex-sess", 2, "01a20812-38d9-7d63-8138-d76269ab781a", None, None, "project"),
    ("opencode-sub", 1, OPENCODE, None, None, None),
    ("opencode-sub", 2, "ses_df7d9f5e0ffetfOVwNJvWqgsUq", None, OPENCODE, None),
    ("opencode-openai-ok", 0, "ses_df7d973e9ffeckkV4u05anDyok", None, None, None),
    ("opencode-anthropic-ok", 1, "ses_df7fac139ffeeeCsVffF98tmfs", None, None, None),
    ("gemini-ok", 1, None, None, None, None),
    ("qwen-ok", 0, None, None, None, None),
    ("cline-tool", 0, None, None, None, None),
    ("cn-ok", 0, None, None, None, None),
]


@pytest.mark.parametrize(
    ("name", "line", "session", "subagent", "parent", "workspace"), IDENTITY
)
def test_identity(
    name: str,
    line: int,
    session: str | None,
    subagent: str | None,
    parent: str | None,
    workspace: str | None,
) -> None:
    hints = facts_of(load(name)[line]).hints
    assert (hints.session, hints.subagent, hints.parent, hints.workspace) == (
        session,
        subagent,
        parent,
        workspace,
    )


def test_claude_code_is_known_by_its_body_alone() -> None:
    head, body = load("claude-sub")[0]
    bare = RequestHead(method="POST", path=head.path)
    assert facts_of(Request(bare, body)).hints.session == CLAUDE


def test_codex_is_known_by_its_body_alone() -> None:
    head, body = load("codex-sub")[0]
    bare = RequestHead(method="POST", path=head.path)
    assert facts_of(Request(bare, body)).hints.session == CODEX


# The second of two turns continues the first.
TURNS = [
    ("claude-sub", 0, 2),
    ("claude-tool", 0, 1),
    ("codex-sess", 0, 1),
    ("codex-sub", 0, 1),
    ("opencode-sub", 1, 3),
    ("gemini-tool", 1, 2),
    ("cline-tool", 0, 1),
]


@pytest.mark.parametrize(("name", "first", "second"), TURNS)
def test_a_turn_extends_the_one_before(name: str, first: int, second: int) -> None:
    requests = load(name)
    one = facts_of(requests[first]).conversation
    two = facts_of(requests[second]).conversation
    assert one.fixed == two.fixed
    assert two.parts[: len(one.parts)] == one.parts
    assert len(two.parts) > len(one.parts)
    assert one.opening == two.opening
    assert sum(two.sizes) < len(requests[second].body)


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [("claude-sub", 0, 1), ("codex-sub", 0, 2), ("qwen-ok", 0, 1), ("gemini-ok", 0, 1)],
)
def test_a_side_call_does_not(name: str, first: int, second: int) -> None:
    requests = load(name)
    one = facts_of(requests[first]).conversation
    two = facts_of(requests[second]).conversation
    assert one.fixed != two.fixed


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("claude-ok", CacheWrite.FIVE_MINUTES),
        ("qwen-anthropic-ok", CacheWrite.FIVE_MINUTES),
        ("qwen-ok", CacheWrite.NONE),
        ("codex-ok", CacheWrite.NONE),
    ],
)
def test_cache_markers(name: str, write: CacheWrite) -> None:
    assert facts_of(load(name)[0]).cache_write is write


def test_codex_brings_a_search_of_the_providers() -> None:
    facts = facts_of(load("codex-ok")[0])
    assert facts.server_tools == ("web_search",)
    assert facts.server_tool_uses is None


@pytest.mark.parametrize("request_", ALL)
def test_a_splice_changes_one_number(request_: Request) -> None:
    """Setting and unsetting the bound gives the captured bytes back."""
    found = codec_for("POST", request_.head.path)
    assert found is not None
    codec = found[0]
    facts = facts_of(request_)
    spliced = codec.splice(
        request_.body, Splice(output_bound=4711, output_field=facts.output_field)
    )
    assert facts_of(Request(request_.head, spliced)).output_bound == 4711
    if facts.output_bound is not None:
        old = str(facts.output_bound).encode()
        assert spliced.replace(b"4711", old) == request_.body
    elif codec.name != "gemini":
        added = len(spliced) - len(request_.body)
        assert spliced[:1] + spliced[1 + added :] == request_.body
