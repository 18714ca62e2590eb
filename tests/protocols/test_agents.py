"""Which program sent a request, and which session it says it is in."""

from __future__ import annotations

import json

import pytest

from faregate.core.facts import SessionHints
from faregate.protocols import agents
from faregate.protocols.agents import (
    agent_name,
    is_litellm_family,
    session_hints,
    session_in_user_id,
)

LITELLM = {
    "user-agent": "OpenAI/Python 2.54.0",
    "x-stainless-raw-response": "true",
    "x-stainless-async": "false",
}

AGENTS = [
    ("claude-cli/2.1.197 (external, sdk-cli)", "claude-code"),
    ("codex_exec/0.169.0 (Debian 12.0.0; x86_64) xterm", "codex"),
    ("codex_cli_rs/0.50.0", "codex"),
    ("opencode/1.18.33 ai-sdk/provider-utils/4.0.23", "opencode"),
    ("GeminiCLI-tui/0.61.0/gemini-3.1-pro-preview (linux; x64)", "gemini-cli"),
    ("QwenCode/0.15.10 (linux; x64)", "qwen-code"),
    ("ls/JS 5.23.2", "continue"),
    ("Agents/Python 0.24.0", "openai-agents"),
    ("pydantic-ai/2.68.0", "pydantic-ai"),
    ("langchain-anthropic/1.7.7", "langchain"),
    ("litellm/1.106.2", "litellm"),
    ("ai-sdk/openai-compatible/3.0.37 runtime/bun/1.3.13", "ai-sdk"),
    ("google-genai-sdk/3.4.0 gl-python/3.11.7", "google-genai"),
    ("OpenAI/Python 3.54.0", "openai-sdk"),
    ("OpenAI/JS 6.49.0", "openai-sdk"),
    ("AsyncOpenAI/Python 3.54.0", "openai-sdk"),
    ("Anthropic/Python 2.12.0", "anthropic-sdk"),
    ("curl/8.5.0", "curl"),
    ("node-fetch", None),
    ("Bun/1.4.0", None),
    ("", None),
]


@pytest.mark.parametrize(("user_agent", "name"), AGENTS)
def test_names_by_user_agent(user_agent: str, name: str | None) -> None:
    assert agent_name({"user-agent": user_agent}) == name


def test_no_headers_at_all() -> None:
    assert agent_name({}) is None
    assert session_hints({}) == SessionHints()


def test_other_headers_say_more_than_the_user_agent() -> None:
    sdk = {"user-agent": "OpenAI/Python 3.54.0"}
    assert agent_name({**sdk, "originator": "codex_exec"}) == "codex"
    assert agent_name({**sdk, "originator": "opencode"}) == "opencode"
    assert agent_name({**sdk, "x-title": "Cline"}) == "cline"
    assert agent_name({**LITELLM, "x-title": "Aider"}) == "aider"
    assert agent_name({**sdk, "x-title": "Something"}) == "openai-sdk"


@pytest.mark.parametrize(
    ("headers", "family"),
    [
        (LITELLM, True),
        ({**LITELLM, "x-stainless-raw-response": "True"}, True),
        ({"user-agent": "litellm/1.81.10"}, True),
        ({**LITELLM, "x-stainless-async": "async:asyncio"}, False),
        ({**LITELLM, "x-stainless-raw-response": "stream"}, False),
        ({"user-agent": "OpenAI/Python 3.54.0", "x-stainless-async": "false"}, False),
        ({**LITELLM, "user-agent": "claude-cli/2.1"}, False),
        ({}, False),
    ],
)
def test_the_litellm_family(headers: dict[str, str], family: bool) -> None:
    assert is_litellm_family(headers) is family
    assert (agent_name(headers) == "litellm") is family


def test_a_header_outranks_the_body() -> None:
    headers = {"x-claude-code-session-id": "from-header"}
    assert session_hints(headers, "from-body").session == "from-header"
    assert session_hints({}, "from-body").session == "from-body"


@pytest.mark.parametrize(
    ("user_id", "session"),
    [
        ('{"device_id":"d","account_uuid":"","session_id":"s-1"}', "s-1"),
        ("user_abc_account_def_session_s-1", "s-1"),
        ('{"device_id":"d"}', None),
        ('{"session_id":7}', None),
        ("{broken", None),
        ("user_abc", None),
        (7, None),
        (None, None),
    ],
)
def test_the_session_in_a_user_id(user_id: object, session: str | None) -> None:
    assert session_in_user_id(user_id) == session


def codex(**headers: str) -> SessionHints:
    return session_hints(
        {name.replace("_", "-"): value for name, value in headers.items()}
        | {"originator": "codex_exec"}
    )


def test_a_codex_sub_agent_has_a_thread_of_its_own() -> None:
    hints = codex(session_id="s", thread_id="t", x_openai_subagent="collab_spawn")
    assert (hints.session, hints.subagent) == ("s", "t")
    hints = codex(session_id="s", thread_id="s", x_openai_subagent="review")
    assert (hints.session, hints.subagent) == ("s", "review")
    hints = codex(session_id="s", thread_id="s")
    assert (hints.session, hints.subagent) == ("s", None)


@pytest.mark.parametrize(
    ("workspaces", "workspace"),
    [
        ({"/home/dev/project": {}}, "project"),
        ({"/home/dev/project/": {}, "/other": {}}, "project"),
        ({"C:\\code\\tool": {}}, "tool"),
        ({"/home/dev/my project": {}}, None),
        ({"/": {}}, None),
        ({}, None),
        ([], None),
        (None, None),
    ],
)
def test_the_workspace_is_the_folders_name(
    workspaces: object, workspace: str | None
) -> None:
    meta = json.dumps({"session_id": "s", "workspaces": workspaces})
    assert codex(x_codex_turn_metadata=meta).workspace == workspace


@pytest.mark.parametrize("meta", ["", "{", "[]", "7", '{"session_id":{}}', "[" * 99999])
def test_broken_metadata_is_no_error(meta: str) -> None:
    assert codex(x_codex_turn_metadata=meta).session is None


@pytest.mark.parametrize("value", ["", "a b", "x" * 129, "\x1b[2J", "é", "a\nb"])
def test_ids_that_could_do_harm_are_dropped(value: str) -> None:
    assert session_hints({"x-session-id": value}).session is None
    assert session_hints({"x-session-id": value}, "b").session == "b"


def test_the_hints_of_one_head_are_remembered_and_kept_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(agents, "_REMEMBERED", 2)
    heads = [{"x-session-id": f"s{number}"} for number in range(5)]
    first = [session_hints(head) for head in heads]
    assert [hints.session for hints in first] == ["s0", "s1", "s2", "s3", "s4"]
    assert session_hints(heads[4]) is first[4]
    assert session_hints(heads[0]) == first[0]
    assert session_hints(heads[4], "from-body").session == "s4"
    assert len(agents._by_headers) <= 2


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("authorization", "Bearer fg-abc.def", True),
        ("x-api-key", "fg-abc.def", True),
        ("authorization", "Bearer sk-own", False),
        ("authorization", "sk-own-fg-abc", False),
        ("x-api-key", "sk-own", False),
        ("x-goog-api-key", "AIza-own", False),
        ("api-key", "own", False),
    ],
)
def test_a_head_with_a_providers_own_key_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, kept: bool
) -> None:
    monkeypatch.setattr(agents, "_by_headers", {})
    heads = [{"x-session-id": "s", name: value} for _ in range(3)]
    assert [session_hints(head).session for head in heads] == ["s"] * 3
    assert len(agents._by_headers) == (3 if kept else 0)
