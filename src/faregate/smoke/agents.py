"""Scripted agents: fake coding agents that behave on the wire like the real ones.

Owns the loop that every agent runs: turn by turn, with the retries its real program
makes, until it is done or told to stop. What an agent sends is its kind's.
"""

from __future__ import annotations

import asyncio
import json
import random
from contextlib import aclosing
from dataclasses import field
from typing import TYPE_CHECKING

import aiohttp

from faregate.core.values import dataclass
from faregate.smoke.agent_kinds.aider import Aider
from faregate.smoke.agent_kinds.claude_code import ClaudeCode
from faregate.smoke.agent_kinds.codex import Codex
from faregate.smoke.agent_kinds.kind import AgentKind, Json, Said, Trouble
from faregate.smoke.agent_kinds.opencode import OpenCode

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping
    from random import Random

KINDS: Mapping[str, Callable[[str, Random], AgentKind]] = {
    "claude-code": ClaudeCode,
    "codex": Codex,
    "opencode": OpenCode,
    "aider": Aider,
}
_NO_HEADERS = {"User-Agent", "Accept", "Accept-Encoding"}
_SAME = 7  # a seed, for an agent whose tools bring the same each time
_THINKING = (0.4, 2.0)  # seconds an agent works on its own between two turns


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRun:
    """What one agent did, as it saw it itself.

    `requests` counts every call, side calls and retries too. Tokens are those reported
    to the agent; one that never asks for usage sees none. `stopped_by` is the message
    that ended it before its last turn.
    """

    name: str
    session: str
    requests: int
    client_retries: int
    input_tokens: int
    output_tokens: int
    stopped_by: str | None
    turns: int = 0


@dataclass(slots=True, kw_only=True)
class _Tally:
    requests: int = 0
    retries: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """How an agent reaches its provider."""

    client: aiohttp.ClientSession
    base: str
    token: str
    pace: float
    on_retry: Callable[[], None] | None
    stuck: bool = False
    tally: _Tally = field(default_factory=_Tally)


async def run_agent(
    kind: str,
    base_url: str,
    token: str,
    turns: int,
    model: str,
    rng: Random,
    pace: float,
    *,
    prefix: str = "",
    on_retry: Callable[[], None] | None = None,
    stuck: bool = False,
) -> AgentRun:
    """Run one scripted agent for `turns` turns and return what it saw.

    `base_url` has no version; `prefix` goes before the path and may hold `{session}`.
    `pace` scales every wait, 0 leaves them out. `on_retry` is called before each retry.
    The tools of one that is `stuck` bring the same each time.
    Raises KeyError for an unknown kind.
    """
    agent = KINDS[kind](model, rng)
    connector = aiohttp.TCPConnector(force_close=agent.fresh_connections)
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=None),
        skip_auto_headers=_NO_HEADERS,
    ) as client:
        base = base_url.rstrip("/") + prefix.replace("{session}", agent.session)
        line = _Line(
            client=client,
            base=base,
            token=token,
            pace=pace,
            on_retry=on_retry,
            stuck=stuck,
        )
        done, stopped_by = await _converse(agent, line, turns, rng)
    tally = line.tally
    return AgentRun(
        name=agent.name,
        session=agent.session,
        requests=tally.requests,
        client_retries=tally.retries,
        input_tokens=tally.input_tokens,
        output_tokens=tally.output_tokens,
        stopped_by=stopped_by,
        turns=done,
    )


async def _converse(
    agent: AgentKind, line: _Line, turns: int, rng: Random
) -> tuple[int, str | None]:
    """Take every turn; return how many were answered and what stopped the rest."""
    if agent.knocks:
        await _knock(line)
    for body in agent.side_calls():
        # A side call that fails costs its answer only, so the main turn still comes.
        await _ask(agent, line, body)
    for turn in range(turns):
        said = await _ask(agent, line, agent.body())
        if isinstance(said, Trouble):
            return turn, said.message
        agent.take(said, _stuck() if line.stuck else rng)
        if turn < turns - 1:
            await asyncio.sleep(rng.uniform(*_THINKING) * line.pace)
    return turns, None


def _stuck() -> Random:
    return random.Random(_SAME)  # noqa: S311 - a play, not a secret


async def _knock(line: _Line) -> None:
    """Probe the base URL without a credential, and go on whatever comes of it."""
    headers = {"User-Agent": "Bun/1.4.0", "Accept": "*/*"}
    try:
        async with line.client.head(line.base + "/", headers=headers):
            pass
    except aiohttp.ClientError:
        return


async def _ask(agent: AgentKind, line: _Line, body: Json) -> Said | Trouble:
    """Send one request, and the same bytes again as long as its patience lasts."""
    data = json.dumps(body, separators=(",", ":")).encode()
    retry = 0
    while True:
        said = await _try(agent, line, data, retry)
        if isinstance(said, Said):
            line.tally.input_tokens += said.input_tokens
            line.tally.output_tokens += said.output_tokens
            return said
        if retry + 1 >= agent.patience.tries(said):
            return said
        if said.status is None and said.streaming and agent.retries_whole:
            data = json.dumps({**body, "stream": False}, separators=(",", ":")).encode()
        await asyncio.sleep(agent.patience.delay(retry, said) * line.pace)
        retry += 1
        line.tally.retries += 1
        if line.on_retry is not None:
            line.on_retry()


async def _try(
    agent: AgentKind, line: _Line, data: bytes, retry: int
) -> Said | Trouble:
    line.tally.requests += 1
    headers = agent.headers(line.token, retry)
    begun = False
    try:
        async with line.client.post(
            line.base + agent.path(), data=data, headers=headers
        ) as answer:
            if answer.status != 200:
                return await _refused(answer)
            begun = True
            said = await _read(agent, answer)
    except (aiohttp.ClientError, OSError) as error:
        message = f"connection lost: {type(error).__name__}"
        return Trouble(status=None, message=message, streaming=begun)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        message = f"answer not understood: {type(error).__name__}"
        return Trouble(status=None, message=message, streaming=begun)
    if said.error is not None:
        return Trouble(status=None, message=said.error, streaming=True, reported=True)
    if agent.leaves_early and not said.ended:
        message = "stream disconnected before completion"
        return Trouble(status=None, message=message, streaming=True)
    return said


async def _refused(answer: aiohttp.ClientResponse) -> Trouble:
    text = (await answer.read()).decode("utf-8", "replace")
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Trouble(status=answer.status, message=message_of(text), headers=headers)


def message_of(text: str) -> str:
    """Return the sentence for a person in an error body, else the body itself."""
    try:
        message = json.loads(text)["error"]["message"]
    except (ValueError, KeyError, TypeError):
        return text[:300]
    return str(message)


async def _read(agent: AgentKind, answer: aiohttp.ClientResponse) -> Said:
    if not answer.content_type.startswith("text/event-stream"):
        whole = json.loads(await answer.read())
        return agent.read_whole(whole)
    said = Said()
    async with aclosing(_events(answer)) as events:
        async for event in events:
            agent.read(event, said)
            if said.error is not None or (said.ended and agent.leaves_early):
                answer.close()
                break
    return said


async def _events(answer: aiohttp.ClientResponse) -> AsyncGenerator[Json, None]:
    """Yield the JSON objects of a stream; anything else in it is skipped."""
    pending = b""
    async for part in answer.content.iter_any():
        *lines, pending = (pending + part).split(b"\n")
        for line in lines:
            data = line.removeprefix(b"data:").strip()
            if line.startswith(b"data:") and data.startswith(b"{"):
                yield json.loads(data)
