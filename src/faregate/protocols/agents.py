"""Which agent program sent a request, and what it says of its own session.

Owns the fingerprints of clients: User-Agent texts, header names, body fields. All of
it is only a hint: a caller may write anything there.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from faregate.core.facts import SessionHints
from faregate.core.secret import LOCAL_TOKEN_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_ID = 128

# The first prefix that fits counts, so the longer of two stands first.
_USER_AGENTS: tuple[tuple[str, str], ...] = (
    ("claude-cli/", "claude-code"),
    ("claude-code/", "claude-code"),
    ("codex", "codex"),
    ("opencode/", "opencode"),
    ("geminicli", "gemini-cli"),
    ("qwencode/", "qwen-code"),
    ("cline/", "cline"),
    ("roo-code/", "roo-code"),
    ("roocode/", "roo-code"),
    ("kilo-code/", "kilo-code"),
    ("crush/", "crush"),
    ("goose/", "goose"),
    ("openhands/", "openhands"),
    ("aider/", "aider"),
    ("mini-swe-agent/", "mini-swe-agent"),
    ("ls/js", "continue"),
    ("continue/", "continue"),
    ("agents/python", "openai-agents"),
    ("agents/js", "openai-agents"),
    ("pydantic-ai/", "pydantic-ai"),
    ("langchain", "langchain"),
    ("smolagents/", "smolagents"),
    ("llm/", "llm"),
    ("litellm/", "litellm"),
    ("ai-sdk/", "ai-sdk"),
    ("google-genai-sdk/", "google-genai"),
    ("openai/", "openai-sdk"),
    ("asyncopenai/", "openai-sdk"),
    ("anthropic/", "anthropic-sdk"),
    ("asyncanthropic/", "anthropic-sdk"),
    ("curl/", "curl"),
    ("python-httpx/", "python-httpx"),
    ("python-requests/", "python-requests"),
    ("python/", "aiohttp"),
)
_TITLES: Mapping[str, str] = {
    "aider": "aider",
    "cline": "cline",
    "roo code": "roo-code",
    "kilo code": "kilo-code",
    "openhands": "openhands",
    "crush": "crush",
    "goose": "goose",
}
# Where something else than the User-Agent may name the program.
_OTHER_NAMES = frozenset({"x-title", "originator", "x-stainless-raw-response"})
_SESSION_HEADERS = frozenset(
    {
        "x-claude-code-session-id",
        "x-session-id",
        "session-id",
        "x-session-affinity",
        "x-claude-code-agent-id",
        "x-parent-session-id",
    }
)
_SAFE = re.compile(r"[\x21-\x7e]+")
_FOLDER = re.compile(r"([^/\\]+)[/\\]*$")


def agent_name(headers: Mapping[str, str]) -> str | None:
    """Return the name of the agent program; None when its headers tell nothing."""
    if not _OTHER_NAMES.isdisjoint(headers):
        title = headers.get("x-title", "").strip().lower()
        if title in _TITLES:
            return _TITLES[title]
        originator = headers.get("originator", "").lower()
        if originator.startswith("codex"):
            return "codex"
        if originator == "opencode":
            return "opencode"
        if is_litellm_family(headers):
            return "litellm"
    return _by_user_agent(headers.get("user-agent", "")[:LONGEST_ID])


@lru_cache(maxsize=256)
def _by_user_agent(user_agent: str) -> str | None:
    low = user_agent.lower()
    return next((name for prefix, name in _USER_AGENTS if low.startswith(prefix)), None)


def is_litellm_family(headers: Mapping[str, str]) -> bool:
    """Tell whether a client calls through litellm, as aider and mini-swe-agent do."""
    user_agent = headers.get("user-agent", "").lower()
    if user_agent.startswith("litellm/"):
        return True
    return (
        user_agent.startswith("openai/python")
        and headers.get("x-stainless-raw-response", "").lower() == "true"
        and headers.get("x-stainless-async", "").lower() == "false"
    )


_REMEMBERED = 256
_CREDENTIALS = ("authorization", "x-api-key", "x-goog-api-key", "api-key")
_by_headers: dict[int, tuple[Mapping[str, str], SessionHints]] = {}


def session_hints(
    headers: Mapping[str, str], body_session: str | None = None
) -> SessionHints:
    """Return what headers say of session and agent.

    `body_session` is what a body field names as the session; a header outranks it.
    The same headers must not change between two calls.
    """
    if body_session is not None:
        return _hints(headers, body_session)
    # By identity: an agent's requests share one head as long as it stays the same.
    known = _by_headers.get(id(headers))
    if known is not None and known[0] is headers:
        return known[1]
    hints = _hints(headers, None)
    if not _tokens_alone(headers):
        return hints
    if len(_by_headers) >= _REMEMBERED:
        _by_headers.clear()
    _by_headers[id(headers)] = headers, hints
    return hints


def _tokens_alone(headers: Mapping[str, str]) -> bool:
    """Tell whether headers hold no key of a provider, which is never kept."""
    keys = map(headers.get, _CREDENTIALS)
    return all(
        key is None or key.removeprefix("Bearer ").startswith(LOCAL_TOKEN_PREFIX)
        for key in keys
    )


def _hints(headers: Mapping[str, str], body_session: str | None) -> SessionHints:
    agent = agent_name(headers)
    if "x-codex-turn-metadata" in headers or agent == "codex":
        return _codex_hints(headers, body_session)
    if _SESSION_HEADERS.isdisjoint(headers):
        return SessionHints(session=_clean(body_session), agent=agent)
    session = (
        _clean(headers.get("x-claude-code-session-id"))
        or _clean(headers.get("x-session-id"))
        or _clean(headers.get("session-id"))
        or _clean(headers.get("x-session-affinity"))
        or _clean(body_session)
    )
    return SessionHints(
        session=session,
        subagent=_clean(headers.get("x-claude-code-agent-id")),
        parent=_clean(headers.get("x-parent-session-id")),
        agent=agent,
    )


def _codex_hints(headers: Mapping[str, str], body_session: str | None) -> SessionHints:
    meta = _decoded(headers.get("x-codex-turn-metadata"))
    session = (
        _clean(headers.get("session-id"))
        or _clean(meta.get("session_id"))
        or _clean(body_session)
    )
    thread = _clean(headers.get("thread-id")) or _clean(meta.get("thread_id"))
    kind = _clean(headers.get("x-openai-subagent"))
    subagent = None
    if kind or headers.get("x-codex-parent-thread-id"):
        # A review or a compaction runs in the session's own thread.
        subagent = thread if thread and thread != session else kind
    return SessionHints(
        session=session,
        subagent=subagent,
        agent="codex",
        workspace=_first_folder(meta.get("workspaces")),
    )


def session_in_user_id(user_id: object) -> str | None:
    """Return the session id inside `metadata.user_id`, which Claude Code fills.

    Newer versions write a JSON text, older ones `user_..._session_ID`.
    """
    if not isinstance(user_id, str):
        return None
    if user_id.startswith("{"):
        return _clean(_decoded(user_id).get("session_id"))
    _, found, session = user_id.rpartition("_session_")
    return _clean(session) if found else None


def _first_folder(workspaces: object) -> str | None:
    if not isinstance(workspaces, dict):
        return None
    for path in workspaces:
        match = _FOLDER.search(path)
        if match is not None:
            return _clean(match.group(1))
    return None


def _decoded(text: str | None) -> dict[str, Any]:
    if not text:
        return {}
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _clean(value: object) -> str | None:
    """Return an id that is safe to keep; None for anything else."""
    if not isinstance(value, str) or len(value) > LONGEST_ID:
        return None
    return value if _SAFE.fullmatch(value) else None
