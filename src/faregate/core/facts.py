"""Facts of one request that mean money, routing or identity.

A protocol codec fills these in from the request's bytes; everything else in the
body stays unread. No prompt text is kept here: only counts, sizes and hashes.
"""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from faregate.core.lean import lean
from faregate.core.pricing import CacheWrite
from faregate.core.values import dataclass


class Work(StrEnum):
    """What a request asks the provider to do."""

    GENERATION = "generation"
    EMBEDDING = "embedding"
    TOKEN_COUNT = "token_count"
    MODEL_LIST = "model_list"


@lean
@dataclass(frozen=True, slots=True, kw_only=True)
class SessionHints:
    """Identity that the agent itself sends; every field may be absent."""

    session: str | None = None
    """Id of the agent run, stable over its requests and its resumes."""
    subagent: str | None = None
    """Id of a sub-agent inside `session`."""
    parent: str | None = None
    """Id of the session that started this one, where it is a session of its own."""
    agent: str | None = None
    """Name of the agent program: "claude-code", "codex", "opencode", "aider" ..."""
    workspace: str | None = None
    """Folder or repository name where the agent says it."""


@lean
@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Hashes and sizes of a request's parts, to see that one extends another.

    `fixed` hashes what must not change between turns (model, system, tools);
    `parts` hashes each message without its cache markers; `sizes` are the bytes
    of each part as sent. All hashes are process-local 64-bit integers.
    """

    fixed: int = 0
    parts: tuple[int, ...] = ()
    sizes: tuple[int, ...] = ()
    opening: str = ""
    """Stable hex digest of system text and first user message: the fingerprint."""


@lean
@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """What the gate needs to know of a request, and nothing else."""

    protocol: str
    """Codec id: "openai_chat", "openai_responses", "anthropic_messages", ..."""
    work: Work
    model: str
    """Model name exactly as the caller wrote it; "" for a model list."""
    stream: bool = False
    wants_usage: bool = True
    """False when a streaming chat request did not ask for `include_usage`."""
    output_bound: int | None = None
    """Most tokens one answer may have as the caller says; None when unsaid."""
    output_field: str | None = None
    """Name of the field that carried `output_bound`."""
    choices: int = 1
    messages: int = 0
    inputs: int = 1
    """Inputs that are processed one by one, each in a context window of its own."""
    tools: int = 0
    server_tools: tuple[str, ...] = ()
    """Tools that the provider runs and bills: "web_search", "code_execution"."""
    server_tool_uses: int | None = None
    """Sum of their declared maximum uses; None when one declares none."""
    compacts: bool = False
    """The provider may shorten the conversation first, in a sampling of its own."""
    media: bool = False
    """Input whose tokens its bytes do not bound: images, audio, files, URLs."""
    media_reach: int = 0
    """Parts of the conversation up to the last with media. What it counts is known
    once a turn with all of them is."""
    reasoning: bool = False
    """The caller asks for much thinking: a high effort, or a large budget for it."""
    audio: bool = False
    """Sound goes in or comes out; its tokens cost more than those of text."""
    predicted: int = 0
    """Bytes of an answer that the caller predicts: what of it turns out wrong is
    billed as output of each choice, beside what is written."""
    stored_input: bool = False
    """Input that is not in the body: file ids, previous_response_id, prompts."""
    cache_write: CacheWrite = CacheWrite.NONE
    service_tier: str | None = None
    region: str | None = None
    """Where the request asks to be processed, which may carry a surcharge."""
    body_bytes: int = 0
    """Size of the whole decoded body."""
    hints: SessionHints = field(default_factory=SessionHints)
    conversation: Conversation = field(default_factory=Conversation)
