"""Codex on Responses: ids in headers and body, gone at `response.completed`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from faregate.smoke.agent_kinds.filler import prose, tools, uuid
from faregate.smoke.agent_kinds.kind import Called, Json, Patience, Said, number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

_TOOLS = (
    *(("exec_command", 1629), ("write_stdin", 819), ("request_user_input", 1419)),
    *(("view_image", 391), ("spawn_agent", 10107), ("get_goal", 297)),
    *(("create_goal", 784), ("update_goal", 2187)),
)
_ENDS = {"response.completed", "response.incomplete"}


class Codex:
    """One session of Codex with a provider of its own in config.toml."""

    name = "codex"
    fresh_connections = True
    knocks = False
    leaves_early = True
    retries_whole = False
    patience = Patience(
        by_status={401: 6, 402: 6, 403: 6, 404: 6, 429: 1},
        server_errors=30,
        closed=30,
        cut=6,
        reported=6,
        delays=(0.2, 0.4, 0.8, 1.6, 3.2),
        longest_wait=3600.0,
    )

    def __init__(self, model: str, rng: Random) -> None:
        self._model = model
        self._session = uuid(rng)
        self._turn = uuid(rng)
        self._installation = uuid(rng)
        self._tools = [
            {"type": "function", "strict": False, **tool}
            for tool in tools(_TOOLS, "parameters")
        ]
        self._input: list[Json] = [
            self._message("developer", prose(16979), rng),
            self._message("developer", prose(2501), rng),
            self._message("user", prose(379), rng),
            self._message("user", prose(120), rng),
        ]

    @property
    def session(self) -> str:
        """Return the session id, which is the thread id of a main agent too."""
        return self._session

    def path(self) -> str:
        """Return the path."""
        return "/v1/responses"

    def headers(self, token: str, retry: int) -> Mapping[str, str]:  # noqa: ARG002 - it marks no retries
        """Return the headers; nothing in them changes within a session."""
        return {
            "x-codex-beta-features": "remote_compaction_v2",
            "x-codex-window-id": f"{self._session}:0",
            "x-codex-turn-metadata": self._metadata(),
            "x-client-request-id": self._session,
            "session-id": self._session,
            "thread-id": self._session,
            "accept": "text/event-stream",
            "content-type": "application/json",
            "authorization": f"Bearer {token}",
            "originator": "codex_exec",
            "user-agent": "codex_exec/0.169.0 (Debian 12.0.0; x86_64) xterm "
            "(codex_exec; 0.169.0)",
        }

    def side_calls(self) -> list[Json]:
        """Return none."""
        return []

    def body(self) -> Json:
        """Return the conversation; it names no output bound."""
        return {
            "model": self._model,
            "stream": True,
            "input": list(self._input),
            "tools": [
                *self._tools,
                {"type": "web_search", "external_web_access": False},
            ],
            "tool_choice": "auto",
            "parallel_tool_calls": True,
            "reasoning": {"summary": "auto"},
            "store": False,
            "include": ["reasoning.encrypted_content"],
            "prompt_cache_key": self._session,
            "client_metadata": {
                "session_id": self._session,
                "thread_id": self._session,
                "turn_id": self._turn,
                "root_turn_id": self._turn,
                "x-codex-installation-id": self._installation,
            },
        }

    def read(self, event: Json, said: Said) -> None:
        """Take one event in; the last one holds the whole answer."""
        kind = event.get("type")
        if kind in _ENDS:
            self._read_response(event["response"], said)
            said.ended = True
        elif kind == "response.failed":
            error = event["response"].get("error") or {}
            said.error = str(error.get("message"))
        elif kind == "error":
            said.error = str(event.get("message"))

    def read_whole(self, answer: Json) -> Said:
        """Read a response."""
        said = Said(ended=True)
        self._read_response(answer, said)
        return said

    def take(self, said: Said, rng: Random) -> None:
        """Append the answer's items, then tool outputs or the next prompt."""
        if said.text:
            content = [{"type": "output_text", "text": said.text}]
            turn = {"type": "message", "role": "assistant", "content": content}
            self._input.append(turn)
        for call in said.calls.values():
            self._input.append(
                {
                    "type": "function_call",
                    "name": call.name,
                    "arguments": call.arguments,
                    "call_id": call.id,
                }
            )
            output = prose(rng.randint(100, 6000))
            self._input.append(
                {
                    "type": "function_call_output",
                    "call_id": call.id,
                    "output": f"Process exited with code 0\n{output}",
                }
            )
        if not said.calls:
            self._input.append(self._message("user", prose(rng.randint(40, 200)), rng))

    def _read_response(self, response: Json, said: Said) -> None:
        for index, item in enumerate(response.get("output") or []):
            if item["type"] == "message":
                said.text += "".join(part.get("text", "") for part in item["content"])
            if item["type"] == "function_call":
                said.calls[index] = Called(
                    id=item["call_id"], name=item["name"], arguments=item["arguments"]
                )
        usage: Any = response.get("usage")
        if isinstance(usage, dict):
            said.input_tokens = number(usage.get("input_tokens"))
            said.output_tokens = number(usage.get("output_tokens"))

    def _metadata(self) -> str:
        facts = {
            "installation_id": self._installation,
            "session_id": self._session,
            "thread_id": self._session,
            "turn_id": self._turn,
            "root_turn_id": self._turn,
            "request_kind": "turn",
            "thread_source": "user",
            "sandbox": "none",
            "workspaces": {"/home/dev/webshop": {"has_changes": False}},
            "model": self._model,
        }
        return json.dumps(facts, separators=(",", ":"))

    def _message(self, role: str, text: str, rng: Random) -> Json:
        content = [{"type": "input_text", "text": text}]
        name = f"msg_{uuid(rng)}"
        return {"type": "message", "id": name, "role": role, "content": content}
