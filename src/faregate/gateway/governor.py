"""What may stop a request besides money: latches, limits, loops, approvals.

Owns the order in which they are asked and that the first refusal counts. It holds
no money and knows no provider; each judgement lives in a module of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from faregate.core.facts import RequestFacts
    from faregate.core.identity import Identity
    from faregate.core.refusal import Refusal
    from faregate.gateway.flights import Flight
    from faregate.gateway.inbound import Inbound, Result
    from faregate.gateway.plan import Plan
    from faregate.gateway.ports import Reply


@dataclass(slots=True, kw_only=True)
class Asked:
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


class LoopWatch(Protocol):
    """Tells a conversation that goes in circles from one that gets on."""

    async def check(self, asked: Asked) -> Refusal | None:
        """Return why the request may not go on, or None."""
        ...


class Approver(Protocol):
    """Holds what a person must allow until somebody decided."""

    async def check(self, asked: Asked) -> Refusal | None:
        """Return why the request may not go on, or None; may wait for a person."""
        ...


class Governor:
    """Decides, between the plan and the hold, whether a request may go on."""

    def __init__(
        self, *, loops: LoopWatch | None = None, approver: Approver | None = None
    ) -> None:
        self._watchers = tuple(each for each in (loops, approver) if each is not None)

    async def decide(self, asked: Asked) -> Refusal | None:
        """Return the first reason to refuse, or None; cancel to give up."""
        for watcher in self._watchers:
            refusal = await watcher.check(asked)
            if refusal is not None:
                return refusal
        return None

    def ended(self, asked: Asked, result: Result) -> None:
        """Note that a request is over, however it ended."""
