"""Scripted agents look on the wire like the captured ones: sizes, headers, ids."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from faregate.smoke.agent_kinds.filler import prose, tools, uuid
from faregate.smoke.agent_kinds.kind import AgentKind, Said, Trouble
from faregate.smoke.agents import KINDS

# Bytes of the first main body as captured from the real programs.
CAPTURED = {"claude-code": 85_600, "codex": 39_588, "opencode": 30_740}


def agent(kind: str) -> AgentKind:
    return KINDS[kind]("some-model", Random(7))


@pytest.mark.parametrize("kind", CAPTURED)
def test_first_bodies_have_the_captured_size(kind: str) -> None:
    size = len(json.dumps(agent(kind).body(), separators=(",", ":")))
    assert abs(size - CAPTURED[kind]) < CAPTURED[kind] * 0.03


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_dice_make_the_same_agent(kind: str) -> None:
    first, second = agent(kind), agent(kind)
    assert first.body() == second.body()
    assert first.headers("t", 0) == second.headers("t", 0)
    other = KINDS[kind]("some-model", Random(8))
    assert other.session != first.session


@pytest.mark.parametrize(
    ("kind", "header", "value"),
    [
        ("claude-code", "x-api-key", "fg-t"),
        ("codex", "authorization", "Bearer fg-t"),
        ("opencode", "authorization", "Bearer fg-t"),
        ("aider", "authorization", "Bearer fg-t"),
    ],
)
def test_the_token_goes_where_the_real_one_puts_it(
    kind: str, header: str, value: str
) -> None:
    sent = {name.lower(): v for name, v in agent(kind).headers("fg-t", 0).items()}
    assert sent[header] == value


def test_claude_names_its_session_twice() -> None:
    claude = agent("claude-code")
    body = claude.body()
    who = json.loads(body["metadata"]["user_id"])
    assert who["session_id"] == claude.session
    assert who["account_uuid"] == ""
    assert len(who["device_id"]) == 64
    assert claude.headers("t", 3)["X-Claude-Code-Session-Id"] == claude.session
    assert claude.headers("t", 3)["X-Stainless-Retry-Count"] == "0"
    assert claude.path() == "/v1/messages?beta=true"
    assert body["max_tokens"] == 64_000
    assert len(body["tools"]) == 25
    assert body["messages"][1]["role"] == "system"


def test_claude_marks_three_places_for_the_cache() -> None:
    claude = agent("claude-code")
    assert json.dumps(claude.body()).count('"cache_control"') == 3
    claude.take(Said(text="ok"), Random(1))
    claude.take(Said(text="ok"), Random(1))
    body = claude.body()
    assert json.dumps(body).count('"cache_control"') == 3
    assert "cache_control" in body["messages"][-1]["content"][-1]


def test_codex_names_its_session_in_headers_and_body() -> None:
    codex = agent("codex")
    headers, body = codex.headers("t", 0), codex.body()
    for name in ("session-id", "thread-id", "x-client-request-id"):
        assert headers[name] == codex.session
    assert body["prompt_cache_key"] == codex.session
    assert body["client_metadata"]["session_id"] == codex.session
    facts = json.loads(headers["x-codex-turn-metadata"])
    assert facts["session_id"] == codex.session
    assert facts["turn_id"] == body["client_metadata"]["turn_id"]
    assert "max_output_tokens" not in body
    assert codex.fresh_connections
    assert codex.leaves_early


def test_opencode_asks_for_a_title_first() -> None:
    opencode = agent("opencode")
    (title,) = opencode.side_calls()
    assert "tools" not in title
    assert title["stream_options"] == {"include_usage": True}
    assert 2300 < len(json.dumps(title)) < 2700
    headers = opencode.headers("t", 0)
    assert headers["x-session-id"] == headers["x-session-affinity"] == opencode.session
    assert opencode.session.startswith("ses_")


def test_aider_counts_retries_as_its_sdk_does() -> None:
    aider = agent("aider")
    counted = [aider.headers("t", n)["x-stainless-retry-count"] for n in range(5)]
    assert counted == ["0", "1", "2", "0", "1"]
    assert set(aider.body()) == {"messages", "model", "stream", "temperature"}


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_event_is_read(kind: str) -> None:
    events: dict[str, dict[str, Any]] = {
        "claude-code": {"type": "error", "error": {"message": "why"}},
        "codex": {"type": "response.failed", "response": {"error": {"message": "why"}}},
        "opencode": {"error": {"message": "why"}},
        "aider": {"error": {"message": "why"}},
    }
    said = Said()
    agent(kind).read(events[kind], said)
    assert said.error == "why"


def test_delays_grow_and_obey_retry_after() -> None:
    claude, aider = agent("claude-code").patience, agent("aider").patience
    asked = Trouble(status=429, message="", headers={"retry-after": "5"})
    plain = Trouble(status=429, message="", headers={"retry-after": "soon"})
    assert [claude.delay(n, plain) for n in (0, 1, 2, 99)] == [0.7, 1.3, 2.5, 36]
    assert claude.delay(0, asked) == 5
    assert aider.delay(0, asked) == 0.25


def test_filler_has_the_wanted_size() -> None:
    assert [len(prose(n)) for n in (0, 1, 500)] == [0, 1, 500]
    (made,) = tools([("bash", 2000)], "parameters")
    assert len(json.dumps(made)) == 2000
    identity = uuid(Random(1))
    assert [len(part) for part in identity.split("-")] == [8, 4, 4, 4, 12]
