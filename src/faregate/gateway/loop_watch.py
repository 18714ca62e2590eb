"""Watches conversations for loops, and stops those that go in circles.

Owns what is remembered of each conversation and what follows from a loop. Looks at
what a request adds to the one before, and reads results only where the calls repeat.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from faregate.core.approvals.findings import Finding
from faregate.core.approvals.verdicts import Verdict
from faregate.core.facts import Work
from faregate.core.loops.closer import look_closer
from faregate.core.loops.finding import LoopAction
from faregate.core.loops.history import History
from faregate.core.loops.memory import TurnMemory
from faregate.core.loops.registry import find_loop, may_loop
from faregate.core.loops.requests import Arrival, RequestLog
from faregate.gateway import loop_messages
from faregate.gateway.approval_case import Decision
from faregate.gateway.governor import verdict
from faregate.gateway.loop_reading import Reading
from faregate.gateway.loop_stops import LoopStop, messages_of_round, stop_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from faregate.core.facts import RequestFacts
    from faregate.core.loops.finding import Loop, LoopSettings
    from faregate.core.loops.glance import Glance
    from faregate.core.loops.trail import Trace
    from faregate.core.refusal import Refusal
    from faregate.gateway.approvals import ApprovalDesk
    from faregate.gateway.events import EventLog
    from faregate.gateway.governor import Asked, Judged
    from faregate.gateway.ports import Clock

_FEWEST_MESSAGES = 3
"""What was asked, what the model did, what came of it."""
CONVERSATIONS = 512
"""Conversations that are remembered, the latest."""


@dataclass(slots=True, eq=False)
class _Talk:
    """One conversation of a session."""

    session: str
    root: str
    memory: TurnMemory = field(default_factory=TurnMemory)
    requests: RequestLog = field(default_factory=RequestLog)
    running: set[str] = field(default_factory=set)
    """Requests with the latest body."""
    body: int = 0
    exact: int | None = None
    refusal: Refusal | None = None
    """Why it was stopped; holds until it says something else or a person resumes."""
    stopped_at: int = 0
    stop: LoopStop | None = None
    """What a person is told of that."""
    told: Loop | None = None
    """The loop of which a person was told that it goes on."""
    allowed: bool = False
    """A person lets this session repeat itself as it likes."""

    def go_on(self) -> None:
        """Let a request pass: forget a stop, and of what a person was told."""
        self.refusal = self.told = self.stop = None

    def goes_on(self, body: int, raw: bytes) -> bool:
        """Note a request's body; tell whether it is that of the one before.

        What the model is not shown may still differ, a seed or a temperature, but a
        long body takes a while to hash: that is done for repeats alone.
        """
        if body != self.body:
            self.body, self.exact = body, None
            return False
        before, exact = self.exact, hash(raw)
        self.exact = exact
        return before is None or before == exact


class ConversationWatch:
    """Finds loops in what requests carry; see `LoopWatch`."""

    def __init__(
        self,
        settings: LoopSettings,
        clock: Clock,
        events: EventLog,
        *,
        is_running: Callable[[str], bool],
        desk: ApprovalDesk | None = None,
        kept: int = CONVERSATIONS,
    ) -> None:
        """Judge by `settings`; `is_running` tells of a request's id, `desk` asks.

        Of `kept` conversations the turns are remembered.
        """
        self.settings = settings
        self._clock = clock
        self._events = events
        self._is_running = is_running
        self._desk = desk
        self._kept = kept
        self._talks: OrderedDict[tuple[str, str], _Talk] = OrderedDict()

    def check(self, asked: Asked) -> Judged:
        """Return why a request may not go on, or None; may wait for a person."""
        facts = asked.facts
        if facts.work is not Work.GENERATION:
            return None
        talk = self._talk(asked)
        if talk.allowed:
            return None
        if talk.refusal is not None and talk.stopped_at == _last_word(facts):
            if talk.stop is not None:
                talk.stop.again(self._clock.now_ms())
            return talk.refusal
        loop = self._in_requests(asked, talk)
        if loop is not None:
            # Without tools it is no agent: a script or a check repeats itself.
            action = self.settings.action if facts.tools else LoopAction.ALERT
            return self._act(asked, talk, loop, action)
        if len(facts.conversation.parts) >= _FEWEST_MESSAGES:
            return self._in_turns(asked, talk)
        talk.go_on()
        return None

    def resume(self, session: str) -> bool:
        """Let a session begin anew; tell whether it was stopped for a loop."""
        was_stopped = False
        for talk in self._talks.values():
            if session in {talk.session, talk.root}:
                was_stopped = was_stopped or talk.refusal is not None
                talk.go_on()
                talk.memory.skip()
                talk.requests.forget()
        return was_stopped

    def stopped(self) -> frozenset[str]:
        """Return the sessions whose latest request was refused for a loop."""
        talks = self._talks.values()
        return frozenset(talk.session for talk in talks if talk.refusal is not None)

    def stops(self) -> tuple[LoopStop, ...]:
        """Return what is stopped for a loop, the latest last."""
        found = (talk.stop for talk in self._talks.values() if talk.refusal is not None)
        return tuple(stop for stop in found if stop is not None)

    def _talk(self, asked: Asked) -> _Talk:
        identity = asked.identity
        key = (identity.session, asked.facts.conversation.opening)
        talk = self._talks.get(key)
        if talk is None:
            talk = self._talks[key] = _Talk(identity.session, identity.root_session)
            if len(self._talks) > self._kept:
                self._talks.popitem(last=False)
        self._talks.move_to_end(key)
        return talk

    def _in_requests(self, asked: Asked, talk: _Talk) -> Loop | None:
        facts = asked.facts
        conversation = facts.conversation
        body = hash((conversation.fixed, conversation.parts, facts.body_bytes))
        if not talk.goes_on(body, asked.inbound.body):
            now = self._clock.elapsed()
            talk.requests.begin(now, failed_before=asked.client_retry)
            talk.running = {asked.inbound.id}
            return None
        running = talk.running
        if running:
            is_running = self._is_running
            running = talk.running = {each for each in running if is_running(each)}
        beside = bool(running)
        running.add(asked.inbound.id)
        if beside:
            return None
        arrival = Arrival(self._clock.elapsed(), asked.client_retry, not facts.tools)
        settings = self.settings
        return talk.requests.came(arrival, settings.repeats, settings.window)

    def _in_turns(self, asked: Asked, talk: _Talk) -> Judged:
        """Judge the conversation's turns within the window, this request's with them."""
        reading = Reading(asked)
        first = talk.memory.align(reading.parts)
        if not reading.is_short(first):
            return self._in_long_turns(asked, talk, reading, first)
        return self._in_calls(asked, talk, reading, reading.glances(first))

    async def _in_long_turns(
        self, asked: Asked, talk: _Talk, reading: Reading, first: int
    ) -> Refusal | None:
        glances = await asyncio.to_thread(reading.glances, first)
        if talk.memory.align(reading.parts) != first:
            # Another request of the same conversation came between.
            talk.go_on()
            return None
        return await verdict(self._in_calls(asked, talk, reading, glances))

    def _in_calls(
        self, asked: Asked, talk: _Talk, reading: Reading, glances: Sequence[Glance]
    ) -> Judged:
        """Judge by what is called; what that brings is read only if it can matter."""
        memory = talk.memory
        memory.take(reading.parts, glances, self._clock.elapsed())
        last = memory.last
        if last is None or not may_loop(last, self.settings.repeats):
            talk.go_on()
            return None
        return self._in_results(asked, talk, reading, last)

    async def _in_results(
        self, asked: Asked, talk: _Talk, reading: Reading, last: Trace
    ) -> Refusal | None:
        then = self._clock.elapsed() - self.settings.window
        history = History(talk.memory.since(then), reading.messages)
        loop = None
        if len(history) >= self.settings.repeats:
            loop = await self._found(talk.memory, reading, history, last)
        if loop is None:
            talk.go_on()
            return None
        return await verdict(self._act(asked, talk, loop, self.settings.action))

    async def _found(
        self, memory: TurnMemory, reading: Reading, history: History, last: Trace
    ) -> Loop | None:
        repeats = self.settings.repeats
        look = partial(look_closer, last, history, repeats)
        seen = await reading.done(look, history.first_message(-2))
        if memory.parts != reading.parts:
            return None
        last.retried, last.failing = seen.retried, seen.failing
        history.keep()
        if not may_loop(seen, repeats):
            return None
        find = partial(find_loop, history, seen, repeats)
        loop = await reading.done(find, history.first_asked_for(seen, repeats))
        if memory.parts != reading.parts:
            return None
        history.keep()
        return loop

    def _act(self, asked: Asked, talk: _Talk, loop: Loop, action: LoopAction) -> Judged:
        if action is not LoopAction.ALERT:
            return self._stop(asked, talk, loop, action)
        asked.inbound.explanation.looped(loop, "alert")
        self._alert(asked, talk, loop)
        return None

    async def _stop(
        self, asked: Asked, talk: _Talk, loop: Loop, action: LoopAction
    ) -> Refusal | None:
        """Stop a conversation that goes in circles, unless a person lets it go on."""
        explanation, denied = asked.inbound.explanation, False
        if action is LoopAction.ASK and self._desk is not None and self._desk.watched():
            outcome = await self._desk.ask(asked, (_finding(loop),))
            if outcome.decision is Decision.APPROVED:
                explanation.looped(loop, "allowed by a person")
                talk.go_on()
                talk.allowed = outcome.for_session
                talk.memory.skip()
                talk.requests.forget()
                return None
            denied = outcome.decision is Decision.DENIED
            if outcome.refusal is not None:
                return outcome.refusal
        explanation.looped(loop, "stopped")
        talk.stop = stop_of(
            loop,
            await asked.transcript(messages_of_round(loop)),
            session=talk.session,
            root=talk.root,
            now_ms=self._clock.now_ms(),
        )
        talk.refusal = loop_messages.looping(loop, talk.root, denied=denied)
        talk.stopped_at = _last_word(asked.facts)
        return talk.refusal

    def _alert(self, asked: Asked, talk: _Talk, loop: Loop) -> None:
        """Tell a person once of a loop that goes on."""
        before, talk.told = talk.told, loop
        if before is not None and (before.rule, before.tools) == (
            loop.rule,
            loop.tools,
        ):
            return
        self._events.publish(
            "loop",
            loop_messages.alert(loop),
            at_ms=self._clock.now_ms(),
            severity="alert",
            session=asked.identity.session,
        )


def _last_word(facts: RequestFacts) -> int:
    """Return what stands for a conversation's end: the same when nothing was added."""
    parts = facts.conversation.parts
    return hash((len(parts), parts[-1:]))


def _finding(loop: Loop) -> Finding:
    return Finding(
        rule="loops",
        verdict=Verdict.ASK,
        what=", ".join(loop.tools) or str(loop.rule),
        why=f"it goes in circles: {loop_messages.what_repeats(loop)}",
    )
