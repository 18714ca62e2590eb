"""What people do about running sessions: pause, resume, stop, look at and set limits.

The verbs, apart from HTTP. A latch is in the ledger before it holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from faregate.config.limit_values import view_text
from faregate.config.problems import ConfigError
from faregate.control.governing import (
    LatchAnswer,
    LatchView,
    LimitChanged,
    LimitsView,
    LimitView,
    LoopView,
    SetLimit,
    Standing,
)
from faregate.control.sanitise import sanitise, sanitise_optional
from faregate.core.latches import Latch, LatchState, is_scope
from faregate.core.limit_changes import Concerned, effective_for
from faregate.core.limits.effective import NAMES
from faregate.core.money import Money
from faregate.gateway import governor_messages
from faregate.server.control import ControlRefusedError, bad_request
from faregate.server.views import rfc3339

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.core.limits.effective import Effective
    from faregate.core.limits.limit import Limits
    from faregate.core.records import SessionRow
    from faregate.gateway.gate import Gate
    from faregate.gateway.loop_stops import LoopStop
    from faregate.gateway.ports import GoverningPort
    from faregate.gateway.session_state import SessionState
    from faregate.server.control import Control
    from faregate.server.limit_desk import Change, LimitDesk


class Sessions(Protocol):
    """Finds sessions in the ledger."""

    def session(self, session: str) -> SessionRow | None:
        """Return one session by its id, or None."""
        ...


class Governing:
    """The verbs behind the routes of pauses, stops and limits."""

    def __init__(
        self,
        gate: Gate,
        ledger: GoverningPort,
        control: Control,
        sessions: Sessions,
        desk: LimitDesk,
    ) -> None:
        """Act on `gate`; `control` knows what the runs of this process were given."""
        if gate.governor.limiter is None:
            raise ValueError("a gate without limits has nothing to show")
        self._limiter = gate.governor.limiter
        self._gate = gate
        self._ledger = ledger
        self._control = control
        self._sessions = sessions
        self._desk = desk

    def latches(self) -> list[LatchView]:
        """Return everything that is paused or stopped, but for what has ended."""
        return [
            LatchView(
                scope=sanitise(latch.scope),
                state=latch.state.value,
                at=rfc3339(latch.at_ms),
                who=latch.who,
            )
            for latch in self._gate.governor.latches.all().values()
            if not self._is_over(latch)
        ]

    def latch(self, scope: str, state: LatchState, *, who: str) -> LatchAnswer:
        """Pause or stop a scope; LedgerError leaves everything as it was."""
        self._check(scope)
        governor = self._gate.governor
        before = governor.latches.all().get(scope)
        if before is not None and before.state in {state, LatchState.STOPPED}:
            return LatchAnswer(scope=scope, changed=False, over=self._is_over(before))
        latch = Latch(
            scope=scope, state=state, at_ms=self._gate.clock.now_ms(), who=who
        )
        self._ledger.latch(latch)
        ended = governor.latch(latch)
        self._tell(scope, f"{state} by a person", state)
        over = self._is_over(latch)
        return LatchAnswer(scope=scope, changed=True, ended=ended, over=over)

    def resume(self, scope: str, *, who: str) -> LatchAnswer:
        """Take a latch off; a session's limits begin anew with that."""
        self._check(scope)
        self._ledger.resume(scope, at_ms=self._gate.clock.now_ms(), who=who)
        changed = self._gate.governor.lift(scope)
        anew = scope.startswith("session:")
        if changed or anew:
            more = "; its limits begin anew" if anew else ""
            self._tell(scope, f"resumed by a person{more}", "resumed")
        return LatchAnswer(scope=scope, changed=changed or anew)

    def loops(self) -> list[LoopView]:
        """Return the conversations that were stopped because they went in circles."""
        loops = self._gate.governor.loops
        return [_loop_view(stop) for stop in (loops.stops() if loops else ())]

    def limits(
        self, session: str | None, agent: str | None, workspace: str | None = None
    ) -> LimitsView:
        """Return what limits a session, or any of an agent or workspace; 404 if unknown.

        To look must not change what the session finds when it asks again.
        """
        if session is None:
            who, state = Concerned(agent=agent, workspace=workspace), None
        else:
            who, state = self._of_session(session)
        used = {} if state is None else self._used(who.session, state)
        rules = self._limiter.rules
        return LimitsView(
            session=None if session is None else sanitise(session),
            agent=None if who.agent is None else sanitise(who.agent),
            workspace=None if who.workspace is None else sanitise(who.workspace),
            limits=_limit_views(
                effective_for(rules, who),
                effective_for(rules.but({}, {}), who),
                used,
                {} if state is None else state.hit,
            ),
        )

    def _used(self, root: str | None, state: SessionState) -> dict[str, str]:
        """Return what counts against each limit now."""
        now = self._limiter.now()
        used = _used(state, now)
        row = None if root is None else self._sessions.session(root)
        ended = row is not None and row.ended_at_ms is not None
        run = root is not None and self._control.runs.began(root)
        if ended or (state.begins_anew(now) and not run):
            # No request of it can come any more that its time would stop.
            used["wall_clock"] = _seconds(state.latest - state.counters.started)
        return used

    def check_limit(self, asked: SetLimit) -> Change:
        """Return what setting a limit would do; refuses what cannot be set."""
        kind, _, name = asked.scope.partition(":")
        if kind == "session":
            who, _state = self._of_session(name)
            # Sub-agents count at their root, and so are limited there.
            asked = msgspec.structs.replace(asked, scope=f"session:{who.session}")
        else:
            granted = self._all_granted()
            named = {kind: name} if name else {}
            who = Concerned(
                agent=named.get("agent"),
                workspace=named.get("workspace"),
                grants=granted,
            )
        try:
            return self._desk.change(asked, who)
        except ValueError as error:
            raise bad_request(str(error)) from error

    def set_limit(self, change: Change, *, who: str) -> None:
        """Let a changed limit hold; LedgerError leaves everything as it was."""
        try:
            self._desk.apply(change, who=who)
        except (ConfigError, OSError) as error:
            raise ControlRefusedError(
                500, "not_saved", f"the limit holds until the next start only: {error}"
            ) from error

    def standing(self, session: str) -> Standing:
        """Return whether a session may go on."""
        row = self._sessions.session(session)
        hit = self._hit(session)
        workspace = None if row is None else row.labels.workspace
        latch = self._gate.governor.latches.on(session, workspace=workspace)
        if latch is not None:
            why = f"{latch.state} by a person"
            return Standing(state=latch.state.value, why=why, limits_hit=hit)
        if row is not None and row.ended_at_ms is not None:
            return Standing(state="ended", limits_hit=hit)
        return self._timed(session, row, hit)

    def _timed(
        self, session: str, row: SessionRow | None, hit: dict[str, int]
    ) -> Standing:
        """Return whether the time of a session that is neither is over."""
        state = self._limiter.states.known(session)
        who = self._concerned(session, row, state)
        most = effective_for(self._limiter.rules, who).limits.wall_clock
        if state is not None and most is not None:
            lasted = self._limiter.now() - state.counters.started
            if lasted >= most:
                why = f"its time is over ({governor_messages.duration(most)})"
                return Standing(state="out_of_time", why=why, limits_hit=hit)
        return Standing(state="running", limits_hit=hit, max_time_s=most)

    def _of_session(self, session: str) -> tuple[Concerned, SessionState | None]:
        """Return whom the limits of a session concern, and what it has used."""
        row = self._known(session)
        root = session if row is None else row.root
        state = self._limiter.states.known(root) or self._limiter.states.peek(root)
        return self._concerned(root, row, state), state

    def _concerned(
        self, root: str, row: SessionRow | None, state: SessionState | None
    ) -> Concerned:
        return Concerned(
            session=root,
            agent=None if row is None else row.labels.agent,
            workspace=None if row is None else row.labels.workspace,
            granted=self._granted(root, state),
        )

    def _all_granted(self) -> list[Limits]:
        """Return what all runs were given that are known."""
        of_states = [state.granted for state in self._limiter.states]
        found = [*of_states, *self._control.all_granted()]
        return [each for each in found if each is not None]

    def _is_over(self, latch: Latch) -> bool:
        kind, _, name = latch.scope.partition(":")
        row = self._sessions.session(name) if kind == "session" else None
        return row is not None and row.ended_at_ms is not None

    def _granted(self, root: str, state: SessionState | None) -> Limits | None:
        """Return what a run was given, by this process or by one before it."""
        if state is not None and state.granted is not None:
            return state.granted
        return self._control.granted(root)

    def _hit(self, session: str) -> dict[str, int]:
        state = self._limiter.states.known(session)
        return {} if state is None else dict(state.hit)

    def _check(self, scope: str) -> None:
        if not is_scope(scope) or len(scope) > 300 or not scope.isprintable():
            raise bad_request(f"{sanitise(scope, limit=80)!r} cannot be paused")
        kind, _, name = scope.partition(":")
        if kind == "session":
            self._known(name)

    def _known(self, session: str) -> SessionRow | None:
        row = self._sessions.session(session)
        heard_of = self._limiter.states.known(session) is not None
        if row is None and not heard_of and not self._control.runs.began(session):
            raise ControlRefusedError(
                404,
                "not_found",
                f"there is no session {sanitise(session, limit=80)!r}; see: faregate "
                "status",
            )
        return row

    def _tell(self, scope: str, what: str, kind: str) -> None:
        found, _, name = scope.partition(":")
        self._gate.events.publish(
            str(kind),
            f"{scope if found != 'all' else 'everything'} {what}",
            at_ms=self._gate.clock.now_ms(),
            severity="warn",
            session=name if found == "session" else None,
        )


def changed_view(change: Change) -> LimitChanged:
    """Return what a change of a limit is shown as."""
    until = change.until_ms
    return LimitChanged(
        scope=sanitise(change.scope),
        name=change.name,
        before=view_text(change.before),
        after=view_text(change.after),
        loosens=change.loosens,
        until=None if until is None else rfc3339(until),
    )


def _loop_view(stop: LoopStop) -> LoopView:
    return LoopView(
        session=sanitise(stop.session),
        root=sanitise(stop.root),
        rule=stop.rule,
        times=stop.times,
        what=sanitise(stop.what),
        calls=[sanitise(each) for each in stop.calls],
        at=rfc3339(stop.at_ms),
        latest=rfc3339(stop.latest_ms),
        refused=stop.refused,
    )


def _limit_views(
    found: Effective,
    configured: Effective,
    used: Mapping[str, str],
    hit: Mapping[str, int],
) -> list[LimitView]:
    views = []
    for name in NAMES:
        limit, without = getattr(found.limits, name), getattr(configured.limits, name)
        until = found.until_ms.get(name)
        views.append(
            LimitView(
                name=name,
                limit=view_text(limit),
                used=used.get(name),
                source=sanitise(found.sources[name]),
                hit=hit.get(name, 0),
                until=None if until is None else rfc3339(until),
                without=None if limit == without else view_text(without) or "none",
                scope=sanitise_optional(found.scopes.get(name)),
            )
        )
    return views


def _used(state: SessionState, now: float) -> dict[str, str]:
    """Return what counts against each limit at `now`, in seconds as the state's."""
    so_far = state.counters
    so_far.minute.forget(now)
    return {
        "requests": str(so_far.requests),
        "wall_clock": _seconds(now - so_far.started),
        "input_tokens": str(so_far.input_tokens + so_far.input_held),
        "output_tokens": str(so_far.output_tokens + so_far.output_held),
        "retries": str(so_far.retries),
        "tool_calls": str(so_far.tool_calls),
        "concurrency": str(so_far.running),
        "tokens_per_minute": str(so_far.minute.tokens),
        "spend_per_minute": Money(so_far.minute.pico).exact(),
    }


def _seconds(lasted: float) -> str:
    return str(max(0, round(lasted)))
