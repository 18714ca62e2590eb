"""What a session has used, and who may go on: the race-free side of limits.

Owns one set of counters a root session, loaded when it is first seen. Everything
between a look at the counters and their change happens without a pause.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from faregate.core.limits.limit import Counters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.core.identity import Grant, Identity
    from faregate.core.limits.effective import Effective, LimitRules
    from faregate.core.limits.limit import Limits, Reached, Wish
    from faregate.core.limits.totals import SessionTotals
    from faregate.core.money import Money
    from faregate.gateway.ports import Clock, GoverningPort

QUIET_S = 3600.0
"""A session without a token that was quiet for this long begins anew."""


@dataclass(slots=True, eq=False)
class LatestLimits:
    """The limits of a session's latest request, and what they follow from."""

    rules: LimitRules
    version: int
    identity: Identity
    grant: Grant | None
    effective: Effective


@dataclass(slots=True, eq=False)
class SessionState:
    """One root session: its counters, and the line of those who wait."""

    counters: Counters
    latest: float
    """When it was last heard of."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by the first who waits; the others come in their order."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    waits_for: Reached | None = None
    """What the first in line waits for."""
    granted: Limits | None = None
    """What its token says of limits, once a request brought it."""
    limits: LatestLimits | None = None
    counted: tuple[int, int] = (0, 0)
    """Hash and tokens of the body that was counted last: a repeat costs nothing."""
    hit: dict[str, int] = field(default_factory=dict)
    """How often each limit refused a request, for the receipt."""
    lasting: bool = False
    """It has a token, and is the same session after any silence."""

    def begins_anew(self, now: float) -> bool:
        """Whether it was quiet for so long that its next request counts as the first."""
        quiet = now - self.latest > QUIET_S
        return quiet and not self.lasting and not self.counters.running

    def note_hit(self, what: str) -> None:
        """Count a refusal by a limit, or by a budget."""
        self.hit[what] = self.hit.get(what, 0) + 1

    def wake(self) -> None:
        """Let whoever waits look again."""
        self.changed.set()


class Passage:
    """One request that was let through, until it ends."""

    __slots__ = (
        "attempts",
        "input_tokens",
        "output_tokens",
        "pico",
        "state",
        "tool_calls",
        "wish",
    )

    def __init__(self, state: SessionState, wish: Wish) -> None:
        """Count the request and what it may use."""
        self.state = state
        self.wish = wish
        self.attempts = 0
        self.input_tokens = self.output_tokens = 0
        self.tool_calls = 0
        self.pico = 0
        counters = state.counters
        counters.requests += 1
        counters.running += 1
        if wish.client_retry:
            counters.retries += 1
            counters.retries_running += 1
        counters.input_held += wish.input
        counters.output_held += wish.output
        counters.cost_held += wish.cost.pico

    def has_room(self, limits: Limits, now: float) -> bool:
        """Tell whether another attempt fits beside what those before it used."""
        return self._has_tokens(limits) and self._has_minute(limits, now)

    def _has_tokens(self, limits: Limits) -> bool:
        counters = self.state.counters
        inputs, outputs = limits.input_tokens, limits.output_tokens
        read = counters.input_tokens + counters.input_held + self.input_tokens
        written = counters.output_tokens + counters.output_held + self.output_tokens
        return (inputs is None or not self.input_tokens or read <= inputs) and (
            outputs is None or not self.output_tokens or written <= outputs
        )

    def _has_minute(self, limits: Limits, now: float) -> bool:
        counters, wish = self.state.counters, self.wish
        most, own = limits.tokens_per_minute, self.input_tokens + self.output_tokens
        counters.minute.forget(now)
        # It was let in with the least that it may write, and so is one more attempt.
        held = counters.input_held + counters.output_held
        used = counters.minute.tokens + held - wish.output + wish.output_least + own
        return most is None or not own or used <= most

    def reckon(self, cost: Money, limits: Limits, now: float) -> bool:
        """Count with what the next attempt may cost, or tell that it does not fit.

        One that costs no more than it was let in with, after attempts that cost
        nothing, fits: it is what was let in.
        """
        counters, most = self.state.counters, limits.spend_per_minute
        if most is None:
            return True
        counters.minute.forget(now)
        more = cost.pico - self.wish.cost.pico
        spent = counters.minute.pico + counters.cost_held + self.pico + more
        if (more > 0 or self.pico) and spent > most.pico:
            return False
        self.wish = replace(self.wish, cost=cost)
        counters.cost_held += more
        return True

    def leave(self, now: float) -> None:
        """Replace what it might have used by what it did."""
        counters, wish = self.state.counters, self.wish
        counters.running -= 1
        if wish.client_retry:
            counters.retries_running -= 1
        counters.input_held -= wish.input
        counters.output_held -= wish.output
        counters.cost_held -= wish.cost.pico
        if self.attempts:
            if self.attempts > 1:
                counters.retries += self.attempts - 1
            counters.input_tokens += self.input_tokens
            counters.output_tokens += self.output_tokens
            if self.tool_calls:
                counters.tool_calls += self.tool_calls
            tokens = self.input_tokens + self.output_tokens
            counters.minute.forget(now)
            counters.minute.add(now, tokens, self.pico)
        else:
            # It set no money aside: for the session it never was.
            counters.requests -= 1
            counters.retries -= wish.client_retry
        state = self.state
        state.latest = now
        if state.waits_for is not None:
            state.wake()


class SessionStates:
    """The states of all sessions that were heard of, the oldest forgotten first."""

    def __init__(
        self, ledger: GoverningPort, clock: Clock, *, kept: int = 4096
    ) -> None:
        """Remember `kept` sessions, and those that run."""
        self._ledger = ledger
        self._kept = kept
        self._clock = clock
        self._known: OrderedDict[str, SessionState] = OrderedDict()

    def of(self, root: str, *, lasting: bool) -> SessionState:
        """Return a session's state; LedgerError when it cannot be read.

        One that is not `lasting` begins anew after a long silence: agents and
        fingerprints use a name again on another day.
        """
        now = self._clock.elapsed()
        state = self._known.get(root)
        if state is None:
            state = self._known[root] = self._load(root, now)
            self._trim()
        self._known.move_to_end(root)
        state.lasting = lasting
        if state.begins_anew(now):
            self._ledger.begin_anew(root, self._clock.now_ms())
            state.counters = Counters(started=now)
        if now > state.latest:
            state.latest = now
        return state

    def known(self, root: str) -> SessionState | None:
        """Return the state of a session that was heard of, without loading it."""
        return self._known.get(root)

    def peek(self, root: str) -> SessionState | None:
        """Return what the ledger knows of a session, and keep nothing of it."""
        if self._ledger.totals(root) is None:
            return None
        return self._load(root, self._clock.elapsed())

    def begin_anew(self, root: str) -> None:
        """Count a session's limits from now on; the ledger was told already."""
        state = self._known.get(root)
        if state is None:
            return
        running = state.counters
        state.counters = Counters(
            started=self._clock.elapsed(),
            running=running.running,
            requests=running.running,
            retries=running.retries_running,
            retries_running=running.retries_running,
            input_held=running.input_held,
            output_held=running.output_held,
            cost_held=running.cost_held,
        )
        state.wake()

    def __iter__(self) -> Iterator[SessionState]:
        return iter(self._known.values())

    def _load(self, root: str, now: float) -> SessionState:
        totals = self._ledger.totals(root)
        if totals is None:
            return SessionState(Counters(started=now), latest=now)
        at_ms = self._clock.now_ms()
        return SessionState(
            _counters(totals, started=now - (at_ms - totals.started_at_ms) / 1000),
            latest=min(now, now - (at_ms - totals.last_at_ms) / 1000),
        )

    def _trim(self) -> None:
        if len(self._known) <= self._kept:
            return
        for root, state in self._known.items():
            if not state.counters.running and not state.turn.locked():
                del self._known[root]
                break


def _counters(totals: SessionTotals, *, started: float) -> Counters:
    return Counters(
        started=started,
        requests=totals.requests,
        retries=totals.retries,
        input_tokens=totals.input_tokens,
        output_tokens=totals.output_tokens,
        tool_calls=totals.tool_calls,
    )
