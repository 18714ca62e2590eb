from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from faregate.control.capture import CaptureOn
from faregate.core.facts import SessionHints
from faregate.protocols import agents
from faregate.server.proxy import Proxy
from tests.running import MODEL, RunningGate
from tests.server.capturing import captured, do, person_of
from tests.server.wire import CHAT, connected, post

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODY = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}


def asked(
    gate: RunningGate, *lines: str, text: str = "hi", target: str = CHAT
) -> bytes:
    body = {**BODY, "messages": [{"role": "user", "content": text}]}
    return post(gate.url, json.dumps(body).encode(), *lines, target=target)


def decisions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows with each head that is judged."""
    seen: list[str] = []
    judge = Proxy._decide

    def judged(self: Proxy, request: object, request_id: str) -> object:
        seen.append(request_id)
        return judge(self, request, request_id)  # type: ignore[arg-type]

    monkeypatch.setattr(Proxy, "_decide", judged)
    return seen


async def test_a_head_that_came_before_is_not_judged_again(
    gate: RunningGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = decisions(monkeypatch)
    token = f"Authorization: Bearer {gate.token}"
    lines = (token, "User-Agent: visits/1")
    async with connected(gate.url) as wire:
        for text in ("a", "longer than the first", "b"):
            await wire.send(asked(gate, *lines, text=text))
            assert (await wire.answer()).status == 200
        assert len(seen) == 1
        await wire.send(asked(gate, *lines, "X-Faregate-Task: other"))
        assert (await wire.answer()).status == 200
    assert len(seen) == 2
    assert gate.provider.requests[-1].headers.get("x-faregate-task") is None


async def test_what_is_refused_is_judged_each_time(
    gate: RunningGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = decisions(monkeypatch)
    async with connected(gate.url) as wire:
        for _ in range(2):
            await wire.send(asked(gate, "Authorization: Bearer fg-nothing.of-ours"))
            assert (await wire.answer()).status == 401
    assert len(seen) == 2


async def test_a_providers_own_key_is_not_kept(
    gate: RunningGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = decisions(monkeypatch)
    async with connected(gate.url) as wire:
        for _ in range(2):
            await wire.send(asked(gate, "Authorization: Bearer sk-own"))
            assert (await wire.answer()).status == 200
    assert len(seen) == 2


async def test_a_providers_own_key_beside_a_token_is_not_kept_either(
    gate: RunningGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = decisions(monkeypatch)
    heads: list[Mapping[str, str]] = []
    hints = agents._hints

    def noted(head: Mapping[str, str], said: str | None) -> SessionHints:
        heads.append(head)
        return hints(head, said)

    monkeypatch.setattr(agents, "_hints", noted)
    lines = (f"Authorization: Bearer {gate.token}", "X-Api-Key: sk-own-canary")
    async with connected(gate.url) as wire:
        for _ in range(3):
            await wire.send(asked(gate, *lines))
            assert (await wire.answer()).status == 200
    assert len(seen) == 3
    assert "x-api-key" not in gate.provider.requests[-1].headers
    # What outlives a request knows its caller by these.
    assert len(heads) == 3
    assert not [head for head in heads if "sk-own-canary" in str(head)]


async def test_each_request_is_captured_with_the_length_of_its_own_body(
    gate: RunningGate,
) -> None:
    person = person_of(gate)
    await do(person.capture_on, CaptureOn())
    try:
        async with connected(gate.url) as wire:
            for text in ("a", "longer than the first", "b"):
                token = f"Authorization: Bearer {gate.token}"
                await wire.send(asked(gate, token, text=text))
                answer = await wire.answer()
                request = answer.headers["x-faregate-request-id"]
                found = await captured(gate, request)
                sent = await do(person.captured_body, request, "request")
                assert text.encode() in sent
                assert dict(found.headers)["content-length"] == str(len(sent))
    finally:
        await do(person.capture_off)
