"""Calls through a running gate, for tests of its money.

Bodies are built so that a call costs what a test says; nothing here asserts.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from faregate.core.holds import BudgetState
from faregate.core.money import ZERO, Money
from faregate.smoke.simulated.rates import BillRates, Counts
from faregate.smoke.simulated.server import SimulatedProvider
from faregate.smoke.simulated.settings import SimulatorSettings
from tests.running import CLAUDE, GEMINI, MODEL, RunningGate

RATES = {"*": BillRates(input="1", output="10")}
"""What `tests.running` configures for every model, in USD per million tokens."""

CENT = Money(10**10)
FIVE_CENTS = Counts(input=10_000, output=4_000)


def provider_of(**settings: Any) -> SimulatedProvider:
    """Return a provider that bills at the rates the gate knows."""
    return SimulatedProvider(settings=SimulatorSettings(**settings), rates=RATES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """One answer as a client saw it; `broken` when it did not end cleanly."""

    status: int
    body: bytes = field(default=b"", repr=False)
    headers: dict[str, str] = field(default_factory=dict)
    broken: bool = False

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """The refusal's code, where this is one."""
        return self.headers.get("x-faregate-refusal")

    @property
    def events(self) -> list[str]:
        """The data of each event of a stream."""
        lines = self.body.decode().splitlines()
        return [line[6:] for line in lines if line.startswith("data: ")]


def chat(
    *,
    model: str = MODEL,
    text: str = "hi",
    stream: bool = False,
    usage: bool = True,
    **more: Any,
) -> dict[str, Any]:
    """Return a Chat Completions body; `usage` asks for it in streams."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "user", "content": text}],
        **more,
    }
    if stream:
        body["stream"] = True
        if usage:
            body["stream_options"] = {"include_usage": True}
    return body


def messages(
    *, model: str = CLAUDE, text: str = "hi", stream: bool = False, **more: Any
) -> dict[str, Any]:
    """Return a Messages body."""
    return {
        "model": model,
        "max_tokens": 1000,
        "messages": [{"role": "user", "content": text}],
        **({"stream": True} if stream else {}),
        **more,
    }


def call_of(protocol: str, *, stream: bool, model: str = "") -> tuple[str, Any]:
    """Return path and body of a small call that names an output bound."""
    match protocol:
        case "chat":
            body = chat(model=model or MODEL, stream=stream, max_tokens=1000)
            return "/v1/chat/completions", body
        case "messages":
            return "/v1/messages", messages(model=model or CLAUDE, stream=stream)
        case "responses":
            asked: dict[str, Any] = {"model": model or MODEL, "input": "hi"}
            asked["max_output_tokens"] = 1000
            return "/v1/responses", {**asked, **({"stream": True} if stream else {})}
        case "gemini":
            name = (model or GEMINI).removeprefix("simg/")
            verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
            asked = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
            asked["generationConfig"] = {"maxOutputTokens": 1000}
            return f"/v1beta/models/{name}:{verb}", asked
        case _:
            raise ValueError(protocol)


class Client:
    """An HTTP client of one running gate."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, headers: dict[str, str]
    ) -> None:
        self.session = session
        self.url = url
        self.headers = headers

    async def post(
        self, path: str, body: Any, headers: dict[str, str] | None = None
    ) -> Got:
        """Send one request and read its answer to the end."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.session.post(
            self.url + path,
            data=data,
            headers={
                "content-type": "application/json",
                **self.headers,
                **(headers or {}),
            },
        ) as answer:
            got = b""
            broken = False
            try:
                async for chunk in answer.content.iter_any():
                    got += chunk
            except (aiohttp.ClientError, ConnectionError):
                broken = True
            return Got(
                status=answer.status,
                body=got,
                headers={k.lower(): v for k, v in answer.headers.items()},
                broken=broken,
            )

    async def chat(self, **body: Any) -> Got:
        """Send one Chat Completions request."""
        return await self.post("/v1/chat/completions", chat(**body))

    async def messages(self, **body: Any) -> Got:
        """Send one Messages request."""
        return await self.post("/v1/messages", messages(**body))

    async def leave(self, path: str, body: Any, *, after: int = 1) -> bytes:
        """Send one request and hang up once `after` bytes of its body came.

        With 0 it hangs up as soon as the status is there.
        """
        async with self.session.post(
            self.url + path, json=body, headers=self.headers
        ) as answer:
            got = b""
            while len(got) < after:
                chunk = await answer.content.readany()
                if not chunk:
                    break
                got += chunk
            answer.close()
            return got


@contextlib.asynccontextmanager
async def client_of(
    gate: RunningGate, *, own_key: bool = False
) -> AsyncIterator[Client]:
    """Return a client with the local token, or with a provider key of its own."""
    headers = {"authorization": "Bearer sk-own"} if own_key else gate.bearer
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield Client(session, gate.url, headers)


class Sampler:
    """Looks at the month in a tight loop, and after each change of the ledger.

    `most` is the largest sum of spent, held and unknown ever seen.
    """

    def __init__(self, gate: RunningGate) -> None:
        self._gate = gate
        self.most = ZERO
        self.changes = 0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Sampler:
        ledger: Any = self._gate.daemon.ledger
        for name in (
            "hold",
            "place",
            "settle",
            "settle_soon",
            "void",
            "mark_unknown",
        ):
            setattr(ledger, name, self._looked_at(getattr(ledger, name)))
        self._task = asyncio.get_running_loop().create_task(self._look_on())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self.look()

    def look(self) -> None:
        state = self._gate.month()
        self.most = max(self.most, state.spent + state.held + state.unknown)

    def _looked_at(self, change: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def changed(asked: Any) -> Any:
            done = change(asked)
            self.changes += 1
            self.look()
            return done

        return changed

    async def _look_on(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(0)


def booked(state: BudgetState) -> Money:
    """What counts for good: spent and unknown."""
    return state.spent + state.unknown


async def until(condition: Callable[[], object], within_s: float = 20.0) -> None:
    """Wait for a condition."""
    for _ in range(int(within_s / 0.005)):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("the condition never came true")
