"""One answer, read beside its way to the client, and judged at its end.

Owns reading the provider's own bytes as events, and what was asked for. Never raises
and never changes a byte: what cannot be read is not judged.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from faregate.gateway.inbound import READ_ON_LOOP
from faregate.protocols.answer_check import Finding, check
from faregate.protocols.assembling import Assembled
from faregate.protocols.codec import (
    BadRequestError,
    StreamBrokenError,
    StreamTooLargeError,
)
from faregate.protocols.events import Logprobs
from faregate.protocols.translation.stream import Payloads
from faregate.protocols.translation.table import DIALECTS

if TYPE_CHECKING:
    from faregate.core.escalation import EscalationRule
    from faregate.gateway.inbound import Inbound
    from faregate.gateway.plan import Plan
    from faregate.protocols.codec import Answer, StreamMeter

MOST_READ = 16 * 1024 * 1024
"""Bytes of an answer beyond which it is not judged."""


def judge_of(plan: Plan, rule: EscalationRule | None, inbound: Inbound) -> Judge | None:
    """Return a judge of an attempt's answer, where the route wants one."""
    if rule is None or not rule.judges or plan.facts.protocol not in DIALECTS:
        return None
    return Judge(plan, rule, plan.sent(inbound))


class ReadMeter:
    """A meter whose bytes are read by a judge as well."""

    def __init__(self, meter: StreamMeter, judge: Judge) -> None:
        self._meter = meter
        self._judge = judge

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; return those to pass on."""
        self._judge.feed(chunk)
        return self._meter.feed(chunk)

    @property
    def started(self) -> bool:
        """Tell whether model output has been seen."""
        return self._meter.started

    @property
    def ended(self) -> bool:
        """Tell whether the answer and its usage are known to be over."""
        return self._meter.ended

    def finish(self) -> bytes:
        """Take the end of the stream."""
        return self._meter.finish()

    def answer(self) -> Answer:
        """Return what was seen so far."""
        return self._meter.answer()


class Judge:
    """Judges one answer; `feed` it, then ask for its finding once."""

    def __init__(self, plan: Plan, rule: EscalationRule, sent: Inbound) -> None:
        self._dialect = DIALECTS[plan.facts.protocol]
        self._rule = rule
        self._sent = sent
        self._answer = Assembled()
        self._logprobs: list[float] = []
        self._left = MOST_READ
        decoder = self._dialect.decoder(plan.spec.usage_flags, sent.id)
        self._payloads: Payloads | None = Payloads(decoder)

    def feed(self, chunk: bytes) -> None:
        """Read the next bytes as the provider sent them."""
        self._left -= len(chunk)
        if self._left < 0:
            self._payloads = None
        if self._payloads is None:
            return
        try:
            for event in self._payloads.feed(chunk):
                self._answer.take(event)
                if isinstance(event, Logprobs):
                    self._logprobs += event.values
        except (StreamBrokenError, StreamTooLargeError):
            self._payloads = None

    async def finding(self) -> Finding | None:
        """Return what is wrong with the answer, as far as the route minds it."""
        payloads = self._payloads
        if payloads is None:
            return None
        try:
            for event in payloads.finish():
                self._answer.take(event)
        except (StreamBrokenError, StreamTooLargeError):
            return None
        if len(self._sent.body) <= READ_ON_LOOP:
            found = self._judged()
        else:
            found = await asyncio.to_thread(self._judged)
        return found if found is not None and found.trigger in self._rule.on else None

    def _judged(self) -> Finding | None:
        try:
            asked = self._dialect.read(self._sent.head, self._sent.body).dialogue
        except BadRequestError:
            return None
        return check(
            self._answer, self._logprobs, asked, min_logprob=self._rule.min_logprob
        )
