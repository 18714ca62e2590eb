"""The control routes of the cost log: what is read, judged and corrected there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

import msgspec
from aiohttp import web

from faregate.control.cost_log import (
    MOST_ROWS,
    CorrectCost,
    CorrectedView,
    Judge,
    SessionPage,
)
from faregate.gateway.messages import budget_name
from faregate.server.control import ControlRefusedError, bad_request, money_in
from faregate.server.control_routes import json_answer, peer_in, require_person, who_in
from faregate.server.peer import INSIDE

if TYPE_CHECKING:
    from collections.abc import Callable

    from faregate.gateway.gate import Gate
    from faregate.server.control import Control
    from faregate.server.cost_answers import CostAnswers
    from faregate.server.ports import AdminPort

SIDE_BY_SIDE = 2
"""Long readings at once: more would only share the disk."""
_T = TypeVar("_T")
_LONGEST_INSTANT = 2**50


class _Routes:
    def __init__(
        self, control: Control, answers: CostAnswers, admin: AdminPort, gate: Gate
    ) -> None:
        self._control = control
        self._answers = answers
        self._live = control.live
        self._admin = admin
        self._gate = gate
        self._reading = asyncio.Semaphore(SIDE_BY_SIDE)

    async def requests(self, request: web.Request) -> web.Response:
        session = request.query.get("session")
        since_ms = _number(request, "since_ms", 0, _LONGEST_INSTANT)
        limit = _number(request, "limit", 100, MOST_ROWS)
        return await self._told(
            lambda: self._answers.requests(
                session=session, since_ms=since_ms, limit=limit
            )
        )

    async def explain(self, request: web.Request) -> web.Response:
        name = request.match_info["id"]
        found = await self._read(lambda: self._answers.explain(name))
        if found is None:
            raise ControlRefusedError(
                404, "not_found", f"there is no request {name[:80]!r} in the ledger"
            )
        return json_answer(found)

    async def sessions(self, request: web.Request) -> web.Response:
        limit = _number(request, "limit", 100, MOST_ROWS)
        before = _number(request, "before", 0, 2**62) or None
        rows, more = await self._read(
            lambda: self._answers.session_rows(limit=limit, before=before)
        )
        # What each does now is known to the gate, and decided in one place.
        return json_answer(SessionPage(sessions=self._live.sessions(rows), next=more))

    async def attempts(self, request: web.Request) -> web.Response:
        after = _number(request, "after", 0, 2**62)
        since_ms = _number(request, "since_ms", 0, _LONGEST_INSTANT)
        limit = _number(request, "limit", 1000, MOST_ROWS)
        return await self._told(
            lambda: self._answers.attempts(after, since_ms=since_ms, limit=limit)
        )

    async def report(self, request: web.Request) -> web.Response:
        by = request.query.get("by", "model")
        since_ms = _number(request, "since_ms", 0, _LONGEST_INSTANT)
        return await self._told(lambda: self._answers.report(by, since_ms=since_ms))

    async def audit(self, request: web.Request) -> web.Response:
        since_ms = _number(request, "since_ms", 0, _LONGEST_INSTANT)
        limit = _number(request, "limit", 100, MOST_ROWS)
        return await self._told(
            lambda: self._answers.audit(since_ms=since_ms, limit=limit)
        )

    async def judge(self, request: web.Request) -> web.Response:
        asked = msgspec.json.decode(await request.read(), type=Judge)
        # It counts as a word on the agent's work, and moves routes: not its own then.
        if self._control.runs.holds(peer_in(request).pid):
            raise ControlRefusedError(403, "forbidden", INSIDE)
        self._admin.judge(
            asked.session, asked.outcome, note=asked.note, who=who_in(request)
        )
        accepted = asked.outcome == "accepted"
        self._gate.routes.judged(asked.session, accepted=accepted)
        self._publish("outcome", f"{asked.session}: {asked.outcome}", asked.session)
        return json_answer({"ok": True})

    async def correct(self, request: web.Request) -> web.Response:
        asked = msgspec.json.decode(await request.read(), type=CorrectCost)
        require_person(request, self._control)
        cost = money_in(asked.amount)
        done = self._admin.correct(
            asked.attempt, cost, note=asked.note, who=who_in(request)
        )
        # Whoever waits for room looks again: there may be some now.
        self._gate.admission.closed(asked.attempt, done.states)
        self._publish(
            "resolved", f"{asked.attempt} cost {cost}, not {done.before}, by hand"
        )
        return json_answer(
            CorrectedView(
                attempt=asked.attempt,
                before=done.before.exact(),
                after=done.after.exact(),
                reopened=[
                    budget_name(state)
                    for state in done.states
                    if state.budget in done.reopened
                ],
            )
        )

    def _publish(self, kind: str, text: str, session: str | None = None) -> None:
        self._gate.events.publish(
            kind, text, at_ms=self._gate.clock.now_ms(), session=session
        )

    async def _told(self, read: Callable[[], object]) -> web.Response:
        # A long answer is encoded there as well.
        body = await self._read(lambda: msgspec.json.encode(read()))
        return web.Response(body=body, content_type="application/json")

    async def _read(self, read: Callable[[], _T]) -> _T:
        """Read in a thread, so that no agent waits for it."""
        async with self._reading:
            try:
                return await asyncio.to_thread(read)
            except ValueError as error:
                raise bad_request(str(error)) from error


def add_cost_routes(
    app: web.Application,
    control: Control,
    answers: CostAnswers,
    admin: AdminPort,
    gate: Gate,
) -> web.Application:
    """Add the routes to the control plane's application and return it."""
    routes = _Routes(control, answers, admin, gate)
    app.router.add_get("/v1/requests", routes.requests)
    app.router.add_get("/v1/requests/{id}", routes.explain)
    app.router.add_get("/v1/sessions", routes.sessions)
    app.router.add_get("/v1/attempts", routes.attempts)
    app.router.add_get("/v1/report", routes.report)
    app.router.add_get("/v1/audit", routes.audit)
    app.router.add_post("/v1/outcomes", routes.judge)
    app.router.add_post("/v1/holds/correct", routes.correct)
    return app


def _number(request: web.Request, name: str, default: int, most: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text[:20]) > most:
        raise bad_request(f"{name} must be 0 to {most}, not {text[:20]!r}")
    return int(text)
