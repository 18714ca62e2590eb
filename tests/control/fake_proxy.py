"""A proxy's control API without a proxy: real HTTP on a real Unix socket.

It runs on a loop of its own in a thread, so that blocking clients and applications
with their own loop can talk to it alike.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from faregate.control.feed import encode_feed
from faregate.control.governing import LatchAnswer, LatchAsk, LimitsView, Standing
from faregate.control.models import (
    FeedMessage,
    HoldView,
    Problem,
    SessionGrant,
    Snapshot,
    VersionInfo,
)
from faregate.control.smoke_runs import SmokeRunView

_T = TypeVar("_T")


@dataclass(slots=True)
class Seen:
    """One request that the fake got."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class FakeProxy:
    """Serves `snapshot`; what `publish` gets goes to everyone who listens."""

    socket: Path
    snapshot: Snapshot
    version: VersionInfo = field(
        default_factory=lambda: VersionInfo(version="0.1.0", control=1)
    )
    holds: list[HoldView] = field(default_factory=list)
    smoke: list[SmokeRunView] = field(default_factory=list)
    answers: dict[str, object] = field(default_factory=dict)
    """What a path answers, "GET /v1/latches" for one, where no other field does."""
    standing: Standing = field(default_factory=lambda: Standing(state="running"))
    limits: LimitsView | None = None
    latched: LatchAnswer = field(
        default_factory=lambda: LatchAnswer(scope="", changed=True)
    )
    max_time_s: float | None = None
    problem: tuple[int, Problem] | None = None
    raw: bytes | None = None
    """Sent on the feed in place of the snapshot."""
    seen: list[Seen] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop | None = None
    _runner: web.AppRunner | None = None
    _listeners: list[asyncio.Queue[bytes | None]] = field(default_factory=list)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen on the socket."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
            self._thread.start()
        self._run(self._start())

    def stop(self) -> None:
        """Close the socket and every connection, as a killed proxy would."""
        self._run(self._stop())

    def close(self) -> None:
        """Stop for good."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        self.stop()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        self._loop = None

    def publish(self, *messages: FeedMessage) -> None:
        """Send messages to all listeners."""
        self.send(b"".join(encode_feed(message) for message in messages))

    def send(self, octets: bytes) -> None:
        """Send raw bytes to all listeners."""
        self._run(self._send(octets))

    def listeners(self) -> int:
        """Return how many feeds are open."""
        return len(self._listeners)

    async def _send(self, octets: bytes | None) -> None:
        for queue in self._listeners:
            queue.put_nowait(octets)

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.05)
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self.socket)).start()

    async def _stop(self) -> None:
        await self._send(None)
        # It may be asked to end while it ends by itself.
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        with contextlib.suppress(FileNotFoundError):
            self.socket.unlink()

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(
            Seen(
                request.method,
                request.raw_path,
                {name.lower(): value for name, value in request.headers.items()},
                await request.read(),
            )
        )
        if self.problem is not None:
            status, problem = self.problem
            return _json(problem, status)
        if (told := self._told(request)) is not None:
            return told
        match request.method, request.path:
            case "GET", "/v1/version":
                return _json(self.version)
            case "GET", "/v1/status":
                return _json(self.snapshot.status)
            case "GET", "/v1/snapshot":
                return _json(self.snapshot)
            case "GET", "/v1/holds":
                return _json(self.holds)
            case "GET", "/v1/smoke/runs":
                return _json(self.smoke)
            case "GET", "/v1/feed":
                return await self._feed(request)
            case "POST", _:
                return _json({})
            case _:
                return _json(Problem(code="http_error", message="Not Found"), 404)

    def _told(self, request: web.Request) -> web.Response | None:
        told = f"{request.method} {request.path}"
        if told in self.answers:
            return _json(self.answers[told])
        match request.method, request.path:
            case "POST", "/v1/sessions":
                grant = SessionGrant(
                    session="s1",
                    token="fg-s1",
                    url="http://127.0.0.1:4747",
                    max_time_s=self.max_time_s,
                )
                return _json(grant)
            case "GET", "/v1/sessions/s1/standing":
                return _json(self.standing)
            case "GET", "/v1/limits" if self.limits is not None:
                return _json(self.limits)
            case "POST", "/v1/pause" | "/v1/stop" | "/v1/resume":
                asked = msgspec.json.decode(self.seen[-1].body, type=LatchAsk)
                answer = msgspec.structs.replace(self.latched, scope=asked.scope)
                return _json(answer)
            case _:
                return None

    async def _feed(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "application/x-ndjson"})
        await response.prepare(request)
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        first = encode_feed(self.snapshot) if self.raw is None else self.raw
        queue.put_nowait(first)
        self._listeners.append(queue)
        try:
            while (octets := await queue.get()) is not None:
                await response.write(octets)
        except ConnectionError:
            pass
        finally:
            self._listeners.remove(queue)
        return response


def _json(body: object, status: int = 200) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(body), status=status, content_type="application/json"
    )


@contextlib.contextmanager
def running(proxy: FakeProxy) -> Iterator[FakeProxy]:
    """Run a fake for the length of a block."""
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.close()
