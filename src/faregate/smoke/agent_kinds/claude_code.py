"""Claude Code on Messages: large first body, 25 tools, cache marks, ids in two places."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from faregate.smoke.agent_kinds.filler import prose, tools, uuid
from faregate.smoke.agent_kinds.kind import Called, Json, Patience, Said, number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

_TOOLS = (
    *(("Agent", 2530), ("Bash", 2668), ("CronCreate", 3962), ("CronDelete", 445)),
    *(("CronList", 289), ("DesignSync", 9158), ("Edit", 997), ("EnterWorktree", 3721)),
    *(("ExitWorktree", 2480), ("NotebookEdit", 1661), ("Read", 1661)),
    *(("ReportFindings", 1918), ("ScheduleWakeup", 3685), ("SendMessage", 1167)),
    *(("Skill", 2112), ("TaskCreate", 2810), ("TaskGet", 1015), ("TaskList", 1181)),
    *(("TaskOutput", 1573), ("TaskStop", 553), ("TaskUpdate", 3468)),
    *(("WebFetch", 767), ("WebSearch", 868), ("Workflow", 20655), ("Write", 661)),
)
_BETAS = (
    "claude-code-20250219,context-1m-2025-08-07,interleaved-thinking-2025-05-14,"
    "prompt-caching-scope-2026-01-05,effort-2025-11-24"
)
_MARK = {"cache_control": {"type": "ephemeral"}}


class ClaudeCode:
    """One session of Claude Code."""

    name = "claude-code"
    fresh_connections = False
    knocks = True
    leaves_early = False
    retries_whole = True
    patience = Patience(
        by_status={401: 11, 404: 2, 408: 11, 409: 11, 429: 11},
        server_errors=11,
        closed=11,
        cut=2,
        reported=2,
        delays=(0.7, 1.3, 2.5, 4.5, 9, 17, 36),
        obeys_no_retry=True,
    )

    def __init__(self, model: str, rng: Random) -> None:
        self._model = model
        self._session = uuid(rng)
        self._device = f"{rng.getrandbits(256):064x}"
        self._tools = tools(_TOOLS, "input_schema")
        reminder = {"type": "text", "text": prose(306)}
        task = {"type": "text", "text": prose(120)}
        self._messages: list[Json] = [
            {"role": "user", "content": [reminder, task]},
            {"role": "system", "content": prose(6062)},
        ]

    @property
    def session(self) -> str:
        """Return the id of the header and of the body field."""
        return self._session

    def path(self) -> str:
        """Return the path, which has no version in this agent's base URL."""
        return "/v1/messages?beta=true"

    def headers(self, token: str, retry: int) -> Mapping[str, str]:  # noqa: ARG002 - it never counts its retries
        """Return the headers; the retry count is always 0, as measured."""
        return {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "claude-cli/2.1.197 (external, sdk-cli)",
            "X-Claude-Code-Session-Id": self._session,
            "X-Stainless-Arch": "x64",
            "X-Stainless-Lang": "js",
            "X-Stainless-OS": "Linux",
            "X-Stainless-Package-Version": "0.94.0",
            "X-Stainless-Retry-Count": "0",
            "X-Stainless-Runtime": "node",
            "X-Stainless-Timeout": "600",
            "anthropic-beta": _BETAS,
            "anthropic-dangerous-direct-browser-access": "true",
            "anthropic-version": "2023-06-01",
            "x-api-key": token,
            "x-app": "cli",
        }

    def side_calls(self) -> list[Json]:
        """Return none: the title call is rare when run headless."""
        return []

    def body(self) -> Json:
        """Return the conversation, its last block marked for the cache."""
        *before, last = self._messages_marked()
        who = {"device_id": self._device, "account_uuid": ""}
        who["session_id"] = self._session
        billing = "x-anthropic-billing-header: cc_version=2.1.197.123; "
        return {
            "model": self._model,
            "messages": [*before, last],
            "system": [
                {"type": "text", "text": billing + "cc_entrypoint=sdk-cli;"},
                {"type": "text", "text": prose(62), **_MARK},
                {"type": "text", "text": prose(5999), **_MARK},
            ],
            "tools": self._tools,
            "metadata": {"user_id": json.dumps(who, separators=(",", ":"))},
            "max_tokens": 64000,
            "thinking": {"type": "adaptive"},
            "output_config": {"effort": "high"},
            "stream": True,
        }

    def read(self, event: Json, said: Said) -> None:
        """Take one event in; message_delta counts are cumulative."""
        match event.get("type"):
            case "message_start":
                _count(event["message"].get("usage"), said)
            case "content_block_start":
                block = event["content_block"]
                if block["type"] == "tool_use":
                    call = Called(id=block["id"], name=block["name"])
                    said.calls[event["index"]] = call
            case "content_block_delta":
                delta = event["delta"]
                said.text += delta.get("text", "")
                if "partial_json" in delta and event["index"] in said.calls:
                    said.calls[event["index"]].arguments += delta["partial_json"]
            case "message_delta":
                _count(event.get("usage"), said)
            case "message_stop":
                said.ended = True
            case "error":
                said.error = str(event["error"].get("message"))
            case _:
                pass

    def read_whole(self, answer: Json) -> Said:
        """Read a message."""
        said = Said(ended=True)
        _count(answer.get("usage"), said)
        for index, block in enumerate(answer["content"]):
            if block["type"] == "text":
                said.text += block["text"]
            if block["type"] == "tool_use":
                given = json.dumps(block["input"])
                call = Called(id=block["id"], name=block["name"], arguments=given)
                said.calls[index] = call
        return said

    def take(self, said: Said, rng: Random) -> None:
        """Append the answer, then tool results or the next prompt."""
        content: list[Json] = []
        if said.text:
            content.append({"type": "text", "text": said.text})
        content += [
            {"type": "tool_use", "id": c.id, "name": c.name, "input": _parsed(c)}
            for c in said.calls.values()
        ]
        results: list[Json] = [
            {
                "tool_use_id": call.id,
                "type": "tool_result",
                "content": prose(rng.randint(200, 6000)),
                "is_error": False,
            }
            for call in said.calls.values()
        ]
        asked = results or [{"type": "text", "text": prose(rng.randint(40, 200))}]
        self._messages.append({"role": "assistant", "content": content or "..."})
        self._messages.append({"role": "user", "content": asked})

    def _messages_marked(self) -> list[Json]:
        """Return the messages with a cache mark on the last block of the user's."""
        messages = list(self._messages)
        users = (i for i, m in enumerate(messages) if m["role"] == "user")
        place = max(users)
        *blocks, last = messages[place]["content"]
        messages[place] = {"role": "user", "content": [*blocks, {**last, **_MARK}]}
        return messages


def _count(usage: Any, said: Said) -> None:
    if not isinstance(usage, dict):
        return
    names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    said.input_tokens = sum(number(usage.get(name)) for name in names)
    said.output_tokens = number(usage.get("output_tokens"))


def _parsed(call: Called) -> Any:
    try:
        return json.loads(call.arguments or "{}")
    except ValueError:
        return {}
