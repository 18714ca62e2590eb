"""The control routes by which results of smoke tests are kept and read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from faregate.control.sanitise import sanitise
from faregate.control.smoke_learned import capabilities_of
from faregate.control.smoke_runs import SmokeRuns, row_of, view_of
from faregate.core.holds import LedgerError
from faregate.server.control import ControlRefusedError, bad_request
from faregate.server.control_routes import json_answer, peer_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiohttp import web

    from faregate.core.records import SmokeRunRow
    from faregate.gateway.gate import Gate
    from faregate.server.peer import Runs

MOST = 200
"""Runs in one answer."""
MOST_WARNINGS = 5
FROM_A_RUN = (
    "this process was started by faregate run: what it found decides nothing here. "
    "Run the smoke test in a terminal of your own"
)


class SmokeReports(Protocol):
    """Reads the history; on a connection that never waits for the loop."""

    def smoke_runs(
        self, target: str | None = None, *, limit: int = 100
    ) -> Sequence[SmokeRunRow]:
        """Return a target's runs, newest first; the latest of each for None."""
        ...

    def recent_smoke(self) -> Sequence[SmokeRunRow]:
        """Return the newest runs of each target in each protocol, newest first."""
        ...


def learn(reports: SmokeReports, gate: Gate) -> list[str]:
    """Let the gate plan by what smoke tests showed; return what is worth a warning.

    The history is a help and no need: where it cannot be read, nothing is known.
    """
    try:
        known = capabilities_of(view_of(row) for row in reports.recent_smoke())
    except LedgerError:
        return []
    tested = gate.planner.tested
    tested.take(known)
    broken = [
        f"{target} failed tool calls in its smoke test of {shown.tested_on}: requests "
        f"with tools are refused there. Test it again: faregate smoke-test {target}"
        for (target, _), shown in sorted(known.items())
        if shown.tools is False and not gate.planner.vouched_for(target)
    ]
    return list(dict.fromkeys(broken))[:MOST_WARNINGS]


def add_smoke_history(
    app: web.Application,
    keep: Callable[[Sequence[SmokeRunRow]], None],
    reports: SmokeReports,
    gate: Gate,
    runs_of_agents: Runs,
) -> web.Application:
    """Add the routes to the control plane's application and return it.

    What is kept decides from then on what the gate plans; what got worse is told in
    its event log.
    """

    async def record(request: web.Request) -> web.Response:
        if runs_of_agents.holds(peer_in(request).pid):
            raise ControlRefusedError(403, "forbidden", FROM_A_RUN)
        told = msgspec.json.decode(await request.read(), type=SmokeRuns)
        try:
            rows = [row_of(run) for run in told.runs]
        except ValueError as error:
            raise bad_request(str(error)) from error
        keep(rows)
        learn(reports, gate)
        for alert in told.alerts:
            gate.events.publish(
                "smoke",
                sanitise(alert, limit=400),
                at_ms=gate.clock.now_ms(),
                severity="alert",
            )
        return json_answer({"ok": True})

    async def runs(request: web.Request) -> web.Response:
        target = request.query.get("target")
        text = request.query.get("limit", "20")
        if not text.isascii() or not text.isdigit() or not 0 < int(text[:9]) <= MOST:
            raise bad_request(f"limit must be 1 to {MOST}, not {text[:20]!r}")
        found = reports.smoke_runs(target, limit=int(text) if target else MOST)
        return json_answer([view_of(row) for row in found])

    app.router.add_post("/v1/smoke/runs", record)
    app.router.add_get("/v1/smoke/runs", runs)
    return app
