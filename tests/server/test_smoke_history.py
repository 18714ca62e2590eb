"""The routes alone: what is kept is told on, and pages are bounded."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from faregate.control.smoke_runs import SmokeRuns, row_of
from faregate.core.records import SmokeRunRow
from faregate.server.smoke_history import MOST, add_smoke_history
from tests.test_smoke_history import VIEW


async def test_what_is_kept_is_told_on_and_a_page_is_bounded() -> None:
    kept: list[SmokeRunRow] = []
    told: list[SmokeRunRow] = []
    asked: list[tuple[str | None, int]] = []

    def find(target: str | None = None, *, limit: int = 100) -> Sequence[SmokeRunRow]:
        asked.append((target, limit))
        return kept

    app = add_smoke_history(web.Application(), kept.extend, find, kept=told.extend)
    async with TestClient(TestServer(app)) as client:
        body = msgspec.json.encode(SmokeRuns(runs=[VIEW]))
        answer = await client.post("/v1/smoke/runs", data=body)
        assert answer.status == 200
        page = await (await client.get("/v1/smoke/runs?target=a/b&limit=7")).json()
        await client.get("/v1/smoke/runs")
    assert kept == told == [row_of(VIEW)]
    assert page[0]["target"] == VIEW.target
    assert asked == [("a/b", 7), (None, MOST)]
