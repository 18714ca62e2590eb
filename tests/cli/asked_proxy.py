"""The fake control API, with answers that one test chooses path by path."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

from faregate.control.models import Problem
from tests.control.fake_proxy import FakeProxy


@dataclass(slots=True)
class AskedProxy(FakeProxy):
    """Refuses a path once for each problem that is queued for it."""

    ends: bool = False
    """Stop listening soon after a shutdown was asked for, as a proxy does."""
    refusals: dict[str, list[tuple[int, Problem]]] = field(default_factory=dict)
    _ending: asyncio.Future[None] | None = None

    def refuse(self, path: str, status: int, code: str, message: str) -> None:
        """Queue one refusal."""
        problem = Problem(code=code, message=message)
        self.refusals.setdefault(path, []).append((status, problem))

    def asked(self, path: str) -> list[dict[str, Any]]:
        """Return the JSON bodies that were posted to a path."""
        return [
            msgspec.json.decode(each.body) for each in self.seen if each.path == path
        ]

    def _end(self) -> None:
        self._ending = asyncio.ensure_future(self._stop())

    async def _stop(self) -> None:
        # A connection that was only opened, to see who listens, may still be on its
        # way in: a server that is closed while it arrives loses its transport.
        await _turns()
        await FakeProxy._stop(self)
        await _turns()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        answer = await FakeProxy._answer(self, request)
        if self.ends and request.path == "/v1/shutdown":
            asyncio.get_running_loop().call_later(0.15, self._end)
        if not (queued := self.refusals.get(request.path)):
            return answer
        status, problem = queued.pop(0)
        return web.Response(
            body=msgspec.json.encode(problem),
            status=status,
            content_type="application/json",
        )


async def _turns() -> None:
    """Let the loop do what is due, however slow the machine is."""
    for _ in range(20):
        await asyncio.sleep(0.001)
