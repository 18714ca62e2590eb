"""What people do about running sessions: pause, resume, stop, look at limits.

The verbs, apart from HTTP. A latch is in the ledger before it holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from faregate.control.governing import (
    LatchAnswer,
    LatchView,
    LimitsView,
    LimitView,
    Standing,
)
from faregate.control.sanitise import sanitise
from faregate.core.latches import Latch, LatchState, is_scope
from faregate.core.limits.effective import NAMES
from faregate.core.money import Money
from faregate.gateway import governor_messages
from faregate.server.control import ControlRefusedError
from faregate.server.views import rfc3339

if TYPE_CHECKING:
    from faregate.core.limits.effective import Effective
    from faregate.core.limits.limit import Limits
    from faregate.core.records import SessionRow
    from faregate.gateway.gate import Gate
    from faregate.gateway.ports import GoverningPort
    from faregate.gateway.session_state import SessionState
    from faregate.server.control import Control


class Sessions(Protocol):
    """Finds sessions in the ledger."""

    def session(self, session: str) -> SessionRow | None:
        """Return one session by its id, or None."""
        ...


class Governing:
    """The verbs behind the routes of pauses, stops and limits."""

    def __init__(
        self, gate: Gate, ledger: GoverningPort, control: Control, sessions: Sessions
    ) -> None:
        """Act on `gate`; `control` knows what the runs of this process were given."""
        if gate.governor.limiter is None:
            raise ValueError("a gate without limits has nothing to show")
        self._limiter = gate.governor.limiter
        self._gate = gate
        self._ledger = ledger
        self._control = control
        self._sessions = sessions

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
            return LatchAnswer(scope=scope, changed=False)
        latch = Latch(
            scope=scope, state=state, at_ms=self._gate.clock.now_ms(), who=who
        )
        self._ledger.latch(latch)
        ended = governor.latch(latch)
        self._tell(scope, f"{state} by a person", state)
        return LatchAnswer(scope=scope, changed=True, ended=ended)

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

    def limits(self, session: str | None, agent: str | None) -> LimitsView:
        """Return what limits a session, or any session of an agent; 404 if unknown."""
        if session is None:
            found = self._limiter.rules.effective(agent)
            return _limits_view(found, None, None, agent)
        row = self._known(session)
        root = session if row is None else row.root
        agent = None if row is None else row.labels.agent
        # To look must not change what the session finds when it asks again.
        state = self._limiter.states.known(root) or self._limiter.states.peek(root)
        found = self._limiter.rules.effective(agent, self._granted(root, state))
        return _limits_view(found, state, sanitise(session), agent)

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
        agent = None if row is None else row.labels.agent
        state = self._limiter.states.known(session)
        granted = self._granted(session, state)
        limits = self._limiter.rules.effective(agent, granted).limits
        if state is not None and limits.wall_clock is not None:
            lasted = self._limiter.now() - state.counters.started
            if lasted >= limits.wall_clock:
                most = governor_messages.duration(limits.wall_clock)
                why = f"its time is over ({most})"
                return Standing(state="out_of_time", why=why, limits_hit=hit)
        return Standing(state="running", limits_hit=hit)

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
            raise ControlRefusedError(
                400, "bad_request", f"{sanitise(scope, limit=80)!r} cannot be paused"
            )
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


def _limits_view(
    found: Effective,
    state: SessionState | None,
    session: str | None,
    agent: str | None,
) -> LimitsView:
    used = {} if state is None else _used(state)
    hit = {} if state is None else state.hit
    return LimitsView(
        session=session,
        agent=None if agent is None else sanitise(agent),
        limits=[
            LimitView(
                name=name,
                limit=_text(getattr(found.limits, name)),
                used=used.get(name),
                source=sanitise(found.sources[name]),
                hit=hit.get(name, 0),
            )
            for name in NAMES
        ],
    )


def _used(state: SessionState) -> dict[str, str]:
    so_far = state.counters
    so_far.minute.forget(state.latest)
    return {
        "requests": str(so_far.requests),
        "wall_clock": str(max(0, round(state.latest - so_far.started))),
        "input_tokens": str(so_far.input_tokens + so_far.input_held),
        "output_tokens": str(so_far.output_tokens + so_far.output_held),
        "retries": str(so_far.retries),
        "tool_calls": str(so_far.tool_calls),
        "concurrency": str(so_far.running),
        "tokens_per_minute": str(so_far.minute.tokens),
        "spend_per_minute": Money(so_far.minute.pico).exact(),
    }


def _text(value: float | Money | None) -> str | None:
    if value is None:
        return None
    return value.exact() if isinstance(value, Money) else f"{value:g}"
