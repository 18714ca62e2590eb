"""Lets a request through its session's limits, at once or after a wait.

A look at the counters and their change are one step: no other request comes
between. Only limits that time or other requests lift are waited for.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from msgspec import structs

from faregate.core.estimate import BYTES_PER_MESSAGE, OUTPUT_FLOOR, PREFIX_SLACK
from faregate.core.facts import Work
from faregate.core.holds import LedgerError
from faregate.core.limits.limit import Limits, Reached, Wish
from faregate.core.limits.registry import first_reached, room_for_output
from faregate.core.money import ZERO
from faregate.core.policy import OnTight
from faregate.gateway import governor_messages, messages
from faregate.gateway.patient import Within
from faregate.gateway.session_state import LatestLimits, Passage

if TYPE_CHECKING:
    from collections.abc import Callable

    from faregate.core.facts import RequestFacts
    from faregate.core.identity import Identity
    from faregate.core.limits.effective import (
        ChosenByScope,
        Effective,
        LimitRules,
        TimedByScope,
    )
    from faregate.core.refusal import Refusal
    from faregate.gateway.counting import CountTokens
    from faregate.gateway.inbound import Inbound
    from faregate.gateway.plan import Plan
    from faregate.gateway.ports import Clock
    from faregate.gateway.session_state import SessionState, SessionStates
    from faregate.gateway.settings import GateSettings


class Asked(Protocol):
    """What the limits look at of a request that asks to be let through."""

    plan: Plan
    """Replaced where its output bound is lowered to what is left."""
    passage: Passage | None

    @property
    def inbound(self) -> Inbound: ...
    @property
    def facts(self) -> RequestFacts: ...
    @property
    def identity(self) -> Identity: ...
    @property
    def client_retry(self) -> bool: ...
    @property
    def on_wait(self) -> Callable[[str], None]: ...


_OF_INPUT = frozenset({"request_input_tokens", "input_tokens", "tokens_per_minute"})
_USUAL_ENCODING = "o200k_base"
_OTHER_ENCODINGS = (13, 10)
"""How much more tokens other vendors make of a text, at most as a rule."""


class Limiter:
    """Asks all limits of a session, and counts who was let through."""

    def __init__(
        self,
        rules: LimitRules,
        states: SessionStates,
        settings: GateSettings,
        clock: Clock,
        count_tokens: CountTokens | None = None,
    ) -> None:
        self.rules = rules
        self.states = states
        self._settings = settings
        self.now = clock.elapsed
        """Return the seconds by which sessions are timed."""
        self._count_tokens = count_tokens

    def effective(self, asked: Asked) -> Effective:
        """Return the limits that hold for a request."""
        grant = asked.inbound.grant
        granted = None if grant is None else grant.limits
        identity = asked.identity
        return self.rules.effective(
            identity.labels.agent,
            granted,
            workspace=identity.labels.workspace,
            session=identity.root_session,
        )

    def _effective_now(self, asked: Asked, state: SessionState) -> Effective:
        """Return the same, as it was found for the request before if nothing changed."""
        rules, identity, grant = self.rules, asked.identity, asked.inbound.grant
        known = state.limits
        if (
            known is not None
            and known.rules is rules
            and known.version == rules.version
            and known.identity is identity
            and known.grant is grant
        ):
            return known.effective
        found = self.effective(asked)
        state.limits = LatestLimits(rules, rules.version, identity, grant, found)
        return found

    def reset(self, set_to: ChosenByScope, timed: TimedByScope) -> None:
        """Let other limits hold from now on, for those that wait in line as well.

        What was counted stays; what runs is not asked again, but for its time.
        """
        self.rules.use(set_to, timed)
        for state in self.states:
            state.wake()

    def let_in(self, asked: Asked) -> bool:
        """Let a request through and count it where no limit is in its way.

        Where this is False it was not counted, and `admit` waits or says why.
        """
        try:
            state = self._state(asked)
        except LedgerError:
            return False
        effective = self._effective_now(asked, state)
        limits = effective.limits
        wish = self._wish(asked, limits)
        summed = effective.summed
        if (
            summed is not None
            and state.waits_for is None
            and summed.lets_by(state.counters, wish)
        ):
            self._pass(asked, state, limits, wish)
            return True
        return self._try(asked, state, limits, wish) is None

    async def admit(self, asked: Asked) -> Refusal | None:
        """Let a request through and count it, or say which limit is reached."""
        try:
            state = self._state(asked)
        except LedgerError as error:
            return messages.ledger_failed(error)
        limits = self.effective(asked).limits
        wish = self._wish(asked, limits)
        reached = self._try(asked, state, limits, wish)
        if reached is not None and reached.limit in _OF_INPUT:
            wish = await self._counted(asked, state, wish)
            reached = self._try(asked, state, limits, wish)
        if reached is not None and self._may_wait(reached):
            reached = await self._wait(asked, state, wish, reached)
        return None if reached is None else self.refused(asked, state, reached)

    def out_of_time(self, asked: Asked) -> Refusal | None:
        """Return the refusal for a running request whose session's time is over."""
        passage = asked.passage
        most = self.effective(asked).limits.wall_clock
        if passage is None or most is None:
            return None
        lasted = self.now() - passage.state.counters.started
        if lasted < most:
            return None
        reached = Reached(limit="wall_clock", most=most, used=lasted)
        return self.refused(asked, passage.state, reached)

    def refused(self, asked: Asked, state: SessionState, reached: Reached) -> Refusal:
        """Return the refusal for a limit, and note for the receipt that it was hit."""
        state.note_hit(reached.limit)
        source = self.effective(asked).sources[reached.limit]
        return governor_messages.limit_reached(
            reached, asked.identity.root_session, source
        )

    def _state(self, asked: Asked) -> SessionState:
        """Return the state of a request's session; raise LedgerError."""
        identity, grant = asked.identity, asked.inbound.grant
        state = self.states.of(
            identity.root_session, lasting=identity.source == "token"
        )
        if grant is not None:
            state.granted = grant.limits
        return state

    def _try(
        self, asked: Asked, state: SessionState, limits: Limits, wish: Wish
    ) -> Reached | None:
        """Enter where no limit is in the way and nobody waits before it."""
        reached = first_reached(limits, state.counters, wish)
        if reached is None and state.waits_for is not None:
            # Others came first, and nobody overtakes them.
            return state.waits_for
        if reached is None:
            self._enter(asked, state, limits, wish)
        return reached

    def _enter(
        self, asked: Asked, state: SessionState, limits: Limits, wish: Wish
    ) -> None:
        room = room_for_output(limits, state.counters)
        if room is not None and room < wish.output:
            bounds = asked.plan.bounds
            output = room // bounds.choices - bounds.hidden_output
            bounds = bounds.with_output(output)
            asked.plan = structs.replace(asked.plan, bounds=bounds)
            wish = replace(wish, output=bounds.billable_output)
        self._pass(asked, state, limits, wish)

    def _pass(
        self, asked: Asked, state: SessionState, limits: Limits, wish: Wish
    ) -> None:
        asked.passage = Passage(state, wish)
        asked.inbound.explanation.limited(limits, state.counters, wish)

    def _wish(self, asked: Asked, limits: Limits) -> Wish:
        plan = asked.plan
        bounds = plan.bounds
        clampable = plan.output_field is not None and (
            bounds.output_injected or self._settings.on_tight is OnTight.CLAMP
        )
        least = most = bounds.billable_output
        if clampable and bounds.output > OUTPUT_FLOOR:
            least = bounds.with_output(OUTPUT_FLOOR).billable_output
        return Wish(
            bounds.input,
            most,
            least,
            # Priced once more for the hold, so only where somebody asks.
            ZERO if limits.spend_per_minute is None else plan.amount(bounds),
            asked.client_retry,
            self.now(),
        )

    def _may_wait(self, reached: Reached) -> bool:
        return (
            reached.wait is not None and self._settings.on_tight is not OnTight.REFUSE
        )

    async def _wait(
        self, asked: Asked, state: SessionState, wish: Wish, reached: Reached
    ) -> Reached | None:
        """Stand in the session's line until the limit lets go, for a while."""
        asked.on_wait(governor_messages.waiting_for(reached))
        with contextlib.suppress(TimeoutError):
            async with Within(self._settings.patience.room), state.turn:
                try:
                    return await self._first_in_line(asked, state, wish)
                finally:
                    state.waits_for = None
        return reached

    async def _first_in_line(
        self, asked: Asked, state: SessionState, wish: Wish
    ) -> Reached | None:
        while True:
            # A person may have changed them meanwhile, and what a cost is asked for.
            limits = self.effective(asked).limits
            fresh = self._wish(asked, limits)
            wish = replace(fresh, input=wish.input)
            found = first_reached(limits, state.counters, wish)
            if found is None:
                self._enter(asked, state, limits, wish)
                return None
            if found.wait is None:
                return found
            state.waits_for = found
            await _changed(state, found.wait)

    async def _counted(self, asked: Asked, state: SessionState, wish: Wish) -> Wish:
        """Return the wish with counted input: its bytes alone say too much.

        A guess for vendors that keep their encoding to themselves, good enough for a
        limit that is not money.
        """
        plan, facts = asked.plan, asked.facts
        known = facts.work is Work.GENERATION and not (
            facts.media or facts.stored_input or facts.server_tools
        )
        if self._count_tokens is None or not known:
            return wish
        body, before = state.counted
        if before and body == hash(asked.inbound.body):
            return replace(wish, input=min(wish.input, before))
        text = asked.inbound.body.decode("utf-8", "replace")
        encoding = plan.spec.tokenizer
        count = await self._count_tokens(text, encoding or _USUAL_ENCODING)
        if count is None:
            return wish
        if encoding is None:
            more, of = _OTHER_ENCODINGS
            count = count * more // of
        count += BYTES_PER_MESSAGE * facts.messages + PREFIX_SLACK
        state.counted = (hash(asked.inbound.body), count)
        return replace(wish, input=min(wish.input, count))


async def _changed(state: SessionState, seconds: float) -> None:
    """Wait until another request of the session ended, or for some seconds."""
    state.changed.clear()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await state.changed.wait()
