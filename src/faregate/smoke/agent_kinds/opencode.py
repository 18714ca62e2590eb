"""opencode on Chat Completions: a title call first, session ids in headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.agent_kinds.chat_reading import (
    assistant_turn,
    read_chunk,
    read_completion,
)
from faregate.smoke.agent_kinds.filler import prose, tools
from faregate.smoke.agent_kinds.kind import Json, Patience, Said

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

_TOOLS = (
    *(("bash", 5232), ("edit", 1980), ("glob", 1124), ("grep", 1190), ("read", 1751)),
    *(("skill", 690), ("task", 3861), ("todowrite", 2672), ("webfetch", 1309)),
    ("write", 1043),
)
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class OpenCode:
    """One session of opencode with an OpenAI-compatible provider."""

    name = "opencode"
    fresh_connections = False
    knocks = False
    leaves_early = False
    retries_whole = False
    patience = Patience(
        by_status={404: 6, 429: 6},
        server_errors=6,
        closed=6,
        cut=6,
        reported=1,
        delays=(2.6, 4.9, 9.7, 19.7, 39.5),
        longest_wait=3600.0,
    )

    def __init__(self, model: str, rng: Random) -> None:
        self._model = model
        tail = "".join(rng.choices(_LETTERS, k=14))
        self._session = f"ses_{rng.getrandbits(48):012x}{tail}"
        self._tools = [
            {"type": "function", "function": tool}
            for tool in tools(_TOOLS, "parameters")
        ]
        self._messages: list[Json] = [
            {"role": "system", "content": prose(9595)},
            {"role": "user", "content": prose(120)},
        ]

    @property
    def session(self) -> str:
        """Return the id of both session headers."""
        return self._session

    def path(self) -> str:
        """Return the path."""
        return "/v1/chat/completions"

    def headers(self, token: str, retry: int) -> Mapping[str, str]:  # noqa: ARG002 - it marks no retries
        """Return the headers."""
        return {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "User-Agent": "opencode/1.18.33 ai-sdk/provider-utils/4.0.23 "
            "runtime/bun/1.3.14",
            "x-session-affinity": self._session,
            "x-session-id": self._session,
            "Accept": "*/*",
        }

    def side_calls(self) -> list[Json]:
        """Return the title call, which offers no tools."""
        messages = [
            {"role": "system", "content": prose(2096)},
            {"role": "user", "content": prose(40)},
            {"role": "user", "content": prose(120)},
        ]
        return [self._request(messages)]

    def body(self) -> Json:
        """Return the conversation with its tools."""
        tooled = {"tools": self._tools, "tool_choice": "auto"}
        return {**self._request(self._messages), **tooled}

    def read(self, event: Json, said: Said) -> None:
        """Take one chunk in."""
        read_chunk(event, said)

    def read_whole(self, answer: Json) -> Said:
        """Read a completion."""
        return read_completion(answer)

    def take(self, said: Said, rng: Random) -> None:
        """Append the answer, then tool results or the next prompt."""
        self._messages.append(assistant_turn(said))
        for call in said.calls.values():
            output = prose(rng.randint(100, 6000))
            result = {"role": "tool", "tool_call_id": call.id, "content": output}
            self._messages.append(result)
        if not said.calls:
            prompt = prose(rng.randint(40, 200))
            self._messages.append({"role": "user", "content": prompt})

    def _request(self, messages: list[Json]) -> Json:
        return {
            "model": self._model,
            "max_tokens": 32000,
            "messages": list(messages),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
