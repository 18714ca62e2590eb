"""One request of each dialect, and what its refusals look like."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.running import CLAUDE, GEMINI, MODEL, RunningGate
from tests.server.wire import CHAT, Answer, exchange, post

MESSAGES: list[dict[str, Any]] = [{"role": "user", "content": "hi"}]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Where a dialect is spoken, and where its bound and model stand."""

    name: str
    target: str
    body: Mapping[str, Any]
    bound: tuple[str, ...]
    """Path of the output bound in the body."""
    messages: str
    key_header: str
    """Where its provider takes the key."""
    model_in_body: bool = True
    stream_target: str | None = None
    """Where streams are asked for, if not by a field."""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def with_bound(self, value: object) -> dict[str, Any]:
        """Return the body with an output bound, which may be nonsense."""
        body = {**self.body}
        *outer, last = self.bound
        if outer:
            body[outer[0]] = {last: value}
        else:
            body[last] = value
        return body

    def streamed(self, **changes: object) -> tuple[str, dict[str, Any]]:
        """Return target and body of a streamed request."""
        if self.stream_target is not None:
            return self.stream_target, {**self.body, **changes}
        return self.target, {**self.body, **changes, "stream": True}

    def assert_refusal(self, answer: Answer, status: int) -> None:
        """Check that an answer is a refusal that this dialect's clients can read."""
        assert answer.status == status, answer.body
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.headers["x-faregate-request-id"]
        error = answer.error
        assert isinstance(error["message"], str)
        assert error["message"]
        assert "\n" not in error["message"]
        if self.name == "gemini":
            assert error["code"] == status
            assert error["status"].isupper()
        else:
            assert answer.json["type"] == "error"
            assert error["type"]
            assert error["code"] == answer.headers["x-faregate-refusal"]
            assert answer.json["request_id"] == answer.headers["x-faregate-request-id"]


DIALECTS = {
    dialect.name: dialect
    for dialect in (
        Dialect(
            name="chat",
            target=CHAT,
            body={"model": MODEL, "messages": MESSAGES},
            bound=("max_tokens",),
            messages="messages",
            key_header="authorization",
        ),
        Dialect(
            name="responses",
            target="/v1/responses",
            body={"model": MODEL, "input": "hi"},
            bound=("max_output_tokens",),
            messages="input",
            key_header="authorization",
        ),
        Dialect(
            name="messages",
            target="/v1/messages",
            body={"model": CLAUDE, "messages": MESSAGES, "max_tokens": 100},
            bound=("max_tokens",),
            messages="messages",
            key_header="x-api-key",
        ),
        Dialect(
            name="gemini",
            target=f"/v1beta/models/{GEMINI}:generateContent",
            body={"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
            bound=("generationConfig", "maxOutputTokens"),
            messages="contents",
            key_header="x-goog-api-key",
            model_in_body=False,
            stream_target=f"/v1beta/models/{GEMINI}:streamGenerateContent?alt=sse",
        ),
    )
}
each_dialect = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=list(DIALECTS))


async def ask(
    gate: RunningGate,
    dialect: Dialect,
    body: object = None,
    *lines: str,
    target: str | None = None,
    token: str | None = None,
) -> Answer:
    """Send a body, the dialect's own by default, with the local token."""
    if body is None:
        body = dialect.body
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    auth = f"Authorization: Bearer {gate.token if token is None else token}"
    where = dialect.target if target is None else target
    return await exchange(gate.url, post(gate.url, data, auth, *lines, target=where))
