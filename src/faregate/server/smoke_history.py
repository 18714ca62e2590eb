"""The control routes by which results of smoke tests are kept and read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec
from aiohttp import web

from faregate.control.sanitise import sanitise
from faregate.control.smoke_runs import SmokeRuns, row_of, view_of
from faregate.core.holds import LedgerError
from faregate.server.control import ControlRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from faregate.core.records import SmokeRunRow
    from faregate.gateway.gate import Gate

MOST = 200
"""Runs in one answer."""
MOST_WARNINGS = 5


class FindRuns(Protocol):
    """Reads the history; on a connection that never waits for the loop."""

    def __call__(
        self, target: str | None = None, *, limit: int = 100
    ) -> Sequence[SmokeRunRow]:
        """Return a target's runs, newest first; the latest of each for None."""
        ...


def tool_warnings(find: FindRuns) -> list[str]:
    """Return a sentence for each target whose last smoke test failed tool calls.

    The history is a help and no need: where it cannot be read, nothing is said.
    """
    try:
        latest = [view_of(row) for row in find(limit=MOST)]
    except LedgerError:
        return []
    broken = [run for run in latest if run.learned.get("tools") is False]
    return [
        f"{run.target} failed tool calls in its smoke test of {run.at[:10]}: agents "
        f"cannot work with it. Test it again: faregate smoke-test {run.target}"
        for run in broken[:MOST_WARNINGS]
    ]


def add_smoke_history(
    app: web.Application,
    keep: Callable[[Sequence[SmokeRunRow]], None],
    find: FindRuns,
    gate: Gate,
) -> web.Application:
    """Add the routes to the control plane's application and return it.

    What got worse is told in the gate's event log.
    """

    async def record(request: web.Request) -> web.Response:
        told = msgspec.json.decode(await request.read(), type=SmokeRuns)
        try:
            rows = [row_of(run) for run in told.runs]
        except ValueError as error:
            raise ControlRefusedError(400, "bad_request", str(error)) from error
        keep(rows)
        for alert in told.alerts:
            gate.events.publish(
                "smoke",
                sanitise(alert, limit=400),
                at_ms=gate.clock.now_ms(),
                severity="alert",
            )
        return _json({"ok": True})

    async def runs(request: web.Request) -> web.Response:
        target = request.query.get("target")
        text = request.query.get("limit", "20")
        if not text.isascii() or not text.isdigit() or not 0 < int(text[:9]) <= MOST:
            raise ControlRefusedError(
                400, "bad_request", f"limit must be 1 to {MOST}, not {text[:20]!r}"
            )
        found = find(target, limit=int(text) if target else MOST)
        return _json([view_of(row) for row in found])

    app.router.add_post("/v1/smoke/runs", record)
    app.router.add_get("/v1/smoke/runs", runs)
    return app


def _json(document: object) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(document), content_type="application/json"
    )
