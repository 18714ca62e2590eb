"""What may stop a request besides money: latches, limits, loops, approvals.

Owns the order in which they are asked and that the first refusal counts. It holds
no money and knows no provider; each judgement lives in a module of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable
from functools import partial
from typing import TYPE_CHECKING, Protocol

from faregate.core.facts import Work
from faregate.core.latches import Latches, LatchState
from faregate.core.refusal import Refusal, RefusalCode
from faregate.gateway import governor_messages
from faregate.gateway.flights import FlightState
from faregate.gateway.inbound import READ_ON_LOOP
from faregate.gateway.patient import Within
from faregate.protocols.lean_struct import LeanRecord
from faregate.protocols.registry import transcript_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from faregate.core.facts import RequestFacts
    from faregate.core.identity import Identity
    from faregate.core.latches import Latch
    from faregate.core.transcript import Transcript
    from faregate.gateway.flights import Flight
    from faregate.gateway.inbound import Inbound, Result
    from faregate.gateway.limiting import Limiter
    from faregate.gateway.loop_stops import LoopStop
    from faregate.gateway.plan import Plan
    from faregate.gateway.ports import Reply
    from faregate.gateway.session_state import Passage
    from faregate.gateway.settlement import OpenHold

Judged = Refusal | None | Awaitable[Refusal | None]
"""Why a request may not go on, or None; awaited where that takes a while."""


class Asked(LeanRecord):
    """One request that asks to be let through, once it is planned."""

    inbound: Inbound
    facts: RequestFacts
    identity: Identity
    plan: Plan
    flight: Flight
    reply: Reply
    """For keep-alives while a person decides; nothing is written to it otherwise."""
    on_wait: Callable[[str], None]
    """Takes what the request waits for, in words for a person."""
    client_retry: bool = False
    """The agent sent the same body before, and it failed."""
    passage: Passage | None = None
    """How its session counts it, once it was let through."""
    given_up: bool = False
    """It was told to end before its time."""

    async def transcript(self, last: int | None = None) -> Transcript:
        """Return the conversation it carries, or its `last` so many messages.

        Long bodies are read in a thread; ask for no more than is needed.
        """
        codec, body = self.inbound.codec.name, self.inbound.body
        if len(body) <= READ_ON_LOOP:
            return transcript_of(codec, body, last)
        return await asyncio.to_thread(transcript_of, codec, body, last)


async def verdict(judged: Judged) -> Refusal | None:
    """Return why a request may not go on, once that is known; cancel to give up."""
    if judged is None or isinstance(judged, Refusal):
        return judged
    return await judged


class LoopWatch(Protocol):
    """Tells a conversation that goes in circles from one that gets on."""

    def check(self, asked: Asked) -> Judged:
        """Return why the request may not go on, or None."""
        ...

    def resume(self, session: str) -> bool:
        """Let a session begin anew; tell whether it was stopped for a loop."""
        ...

    def stopped(self) -> frozenset[str]:
        """Return the sessions whose latest request was refused for a loop."""
        ...

    def stops(self) -> Sequence[LoopStop]:
        """Return what is stopped for a loop, the latest last."""
        ...


class Approver(Protocol):
    """Holds what a person must allow until somebody decided."""

    def check(self, asked: Asked) -> Judged:
        """Return why the request may not go on, or None; may wait for a person."""
        ...


class Governor:
    """Decides, between the plan and the hold, whether a request may go on."""

    def __init__(
        self,
        *,
        limiter: Limiter | None = None,
        latches: Latches | None = None,
        loops: LoopWatch | None = None,
        approver: Approver | None = None,
        patience_s: float = 0.0,
    ) -> None:
        """Ask these, in this order; a pause is waited out for `patience_s`."""
        self.limiter = limiter
        self.latches = latches or Latches()
        self.loops = loops
        self._watchers = tuple(each for each in (loops, approver) if each is not None)
        self._patience_s = patience_s
        self._running: dict[str, Asked] = {}
        self._lifted = asyncio.Event()

    def decide(self, asked: Asked) -> Judged:
        """Return the first reason to refuse, or None; cancel to give up.

        What nothing stands against is let in at once.
        """
        self._running[asked.flight.id] = asked
        if self.latches.all():
            return self._once_judged(asked, self.latched(asked), self._limited)
        return self._limited(asked)

    def _limited(self, asked: Asked) -> Judged:
        if asked.facts.work is Work.TOKEN_COUNT:
            return None
        limiter = self.limiter
        if limiter is None or limiter.let_in(asked):
            return self._watched(asked)
        return self._once_judged(asked, limiter.admit(asked), self._watched)

    def _watched(self, asked: Asked, first: int = 0) -> Judged:
        """Ask the watchers from the `first` on."""
        for number, watcher in enumerate(self._watchers[first:], first + 1):
            judged = watcher.check(asked)
            if judged is None:
                continue
            if isinstance(judged, Refusal):
                return judged
            return self._once_judged(
                asked, judged, partial(self._watched, first=number)
            )
        return None

    async def _once_judged(
        self,
        asked: Asked,
        judged: Awaitable[Refusal | None],
        then: Callable[[Asked], Judged],
    ) -> Refusal | None:
        """Wait for one judgement; where it lets the request go on, ask the others."""
        refusal = await judged
        if refusal is None:
            # A person may have paused it meanwhile.
            refusal = await self.latched(asked)
        return await verdict(then(asked)) if refusal is None else refusal

    def booked(self, asked: Asked, hold: OpenHold) -> None:
        """Note what one attempt of a request used; call it once its hold ended."""
        passage = asked.passage
        if passage is None:
            return
        passage.attempts += 1
        passage.tool_calls += hold.tool_calls
        passage.pico += hold.cost.pico
        if hold.usage is not None:
            passage.input_tokens += hold.usage.input_tokens
            passage.output_tokens += hold.usage.output

    def most_output(self, asked: Asked) -> int | None:
        """Return what the output bound of no further attempt may pass; None for any.

        Where the first one has no bound, as it costs nothing, the limits are it.
        """
        if self.limiter is None or asked.passage is None:
            return None
        limits = self.limiter.effective(asked).limits
        named = (limits.output_tokens, limits.request_output_tokens)
        most = min((each for each in named if each is not None), default=None)
        return None if most is None else asked.plan.bounds.output or most

    def may_retry(self, asked: Asked) -> bool:
        """Tell whether the gate itself may try this request once more."""
        passage = asked.passage
        if passage is None or self.limiter is None:
            return True
        limits = self.limiter.effective(asked).limits
        used = passage.state.counters.retries + max(0, passage.attempts - 1)
        if limits.retries is not None and used >= limits.retries:
            return False
        return passage.has_room(limits, self.limiter.now())

    def may_ask(self, asked: Asked, plan: Plan) -> bool:
        """Tell whether a session's minute has room for a further attempt's price.

        If so, that price is what counts from now on: another target has another.
        """
        passage = asked.passage
        if passage is None or self.limiter is None:
            return True
        limits = self.limiter.effective(asked).limits
        if limits.spend_per_minute is None:
            return True
        cost = plan.amount(plan.bounds)
        return passage.reckon(cost, limits, self.limiter.now())

    def ended(self, asked: Asked, result: Result) -> None:
        """Note that a request is over, however it ended."""
        self._running.pop(asked.flight.id, None)
        passage = asked.passage
        if passage is None or self.limiter is None:
            return
        asked.passage = None
        passage.leave(self.limiter.now())
        if isinstance(result, Refusal) and result.code is RefusalCode.BUDGET_EXCEEDED:
            passage.state.note_hit("budget")

    def latch(self, latch: Latch) -> int:
        """Pause or stop what the latch names; return how many requests it ended."""
        self.latches.put(latch)
        if latch.state is not LatchState.STOPPED:
            return 0
        concerned = [
            asked
            for asked in self._running.values()
            if self.latches.of(asked.identity) is latch
        ]
        for asked in concerned:
            self._give_up(asked, governor_messages.stopped(latch))
        return len(concerned)

    def lift(self, scope: str) -> bool:
        """Take a latch off, and begin a session's limits anew."""
        kind, _, name = scope.partition(":")
        if kind == "session" and self.limiter is not None:
            self.limiter.states.begin_anew(name)
        lifted = self.latches.lift(scope)
        if kind == "session" and self.loops is not None:
            lifted = self.loops.resume(name) or lifted
        self._lifted.set()
        self._lifted = asyncio.Event()
        return lifted

    def look(self) -> None:
        """End what runs in sessions whose time is over."""
        if self.limiter is None:
            return
        for asked in list(self._running.values()):
            if asked.given_up:
                continue
            refusal = self.limiter.out_of_time(asked)
            if refusal is not None:
                self._give_up(asked, refusal)

    async def latched(self, asked: Asked) -> Refusal | None:
        """Return why a latch refuses the request, after waiting out a short pause."""
        latch = self.latches.of(asked.identity)
        if latch is None:
            return None
        if latch.state is LatchState.PAUSED:
            asked.on_wait("a person to resume it")
        with contextlib.suppress(TimeoutError):
            async with Within(self._patience_s):
                while latch is not None and latch.state is LatchState.PAUSED:
                    await self._lifted.wait()
                    latch = self.latches.of(asked.identity)
        return None if latch is None else governor_messages.latched(latch)

    def _give_up(self, asked: Asked, why: Refusal) -> None:
        asked.given_up = True
        # Whose client hung up is being read to its end for the bill alone.
        if asked.flight.state is not FlightState.DRAINING:
            asked.flight.give_up(why)
