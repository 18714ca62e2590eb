"""How providers and targets have been doing: breakers, pauses, and retries left.

Owns which trouble opens what, and that one request at a time probes. Knows no
request: it is asked before an attempt and told its end. Only attempts with the gate's
own keys count: what a caller's own key meets says nothing about ours.
"""

from __future__ import annotations

import random
from dataclasses import field
from typing import TYPE_CHECKING

from faregate.core.circuit_breaker import Breaker, BreakerPolicy, BreakerState, Permit
from faregate.core.retrying import Failure, RetryPurse, Trouble
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from faregate.core.routing import Target

KEY_REST = 60.0
"""Seconds before a key that was rejected, or an empty wallet, is tried again."""
GONE_REST = 120.0
"""Seconds before a model that is gone, or not allowed, is tried again."""
BURDEN_REST = 10.0
"""Seconds for which a target rests that fails every few requests."""
_TOO_OFTEN = "it fails too often"
SHORT_PAUSE = 2.0
"""Seconds that a rate limit lasts which names no end."""
LONGEST_PAUSE = 600.0
_JITTER = random.SystemRandom().random
_RESTS = {
    Trouble.KEY: KEY_REST,
    Trouble.QUOTA: KEY_REST,
    Trouble.FORBIDDEN: GONE_REST,
    Trouble.MODEL_GONE: GONE_REST,
}
_OF_PROVIDER = frozenset({Trouble.CONNECT, Trouble.KEY, Trouble.QUOTA})
"""Troubles that every model of the provider shares."""
_NO_FAULT = frozenset({Trouble.REQUEST, Trouble.CONTEXT, Trouble.REJECTED})
WORDS = {
    Trouble.KEY: "its key was rejected",
    Trouble.QUOTA: "its wallet or quota is empty",
    Trouble.FORBIDDEN: "the model is not allowed for its key",
    Trouble.MODEL_GONE: "the model is gone",
    Trouble.CONNECT: "it cannot be reached",
    Trouble.LOCAL: "this machine cannot open a connection",
    Trouble.TIMEOUT: "it does not answer in time",
    Trouble.RATE_LIMIT: "it takes no more requests just now",
    Trouble.OVERLOADED: "it is at its capacity",
    Trouble.SERVER_ERROR: "it answers with server errors",
    Trouble.BROKEN: "its answers break off",
    Trouble.STREAM_ERROR: "its streams carry errors",
    Trouble.CONTEXT: "the request is longer than the model takes",
    Trouble.REQUEST: "it does not take the request",
    Trouble.REJECTED: "its answer does not hold up",
}
"""What is wrong, for a person, in no words that an agent acts on by itself."""


@dataclass(slots=True)
class Provider:
    """One provider: what all its models share."""

    breaker: Breaker
    purse: RetryPurse


@dataclass(slots=True)
class Standing:
    """One target and how it has been doing."""

    provider: Provider
    breaker: Breaker
    paused_until: float = 0.0
    """A rate limit lasts until then; monotonic seconds."""
    usual: Ticket = field(init=False)
    """The leave to ask it while nothing is wrong."""

    def __post_init__(self) -> None:
        """Make the usual leave once."""
        self.usual = Ticket(self)

    @property
    def is_well(self) -> bool:
        """Tell whether nothing stands against asking it."""
        return not (
            self.paused_until or self.breaker.is_open or self.provider.breaker.is_open
        )


@dataclass(frozen=True, slots=True)
class Down:
    """A target that is not asked now."""

    why: str
    until: float
    """Monotonic seconds."""


@dataclass(slots=True)
class Ticket:
    """The leave to ask a target once; its end is reported exactly once."""

    standing: Standing
    of_provider: Permit = Permit.GO
    of_target: Permit = Permit.GO


class Health:
    """All providers and targets that were asked since the start."""

    def __init__(
        self,
        policy: BreakerPolicy | None = None,
        *,
        jitter: Callable[[], float] = _JITTER,
    ) -> None:
        """Begin with everything in good health."""
        self._policy = policy or BreakerPolicy()
        self._jitter = jitter
        self._providers: dict[str, Provider] = {}
        self._targets: dict[tuple[str, str, str], Standing] = {}

    def standing(self, target: Target) -> Standing:
        """Return how a target has been doing."""
        key = (target.provider, target.model, target.region)
        found = self._targets.get(key)
        if found is None:
            if len(self._targets) >= _REMEMBERED:
                # Callers name what models they like; what is closed says little.
                self._targets.clear()
            found = Standing(self._provider(target.provider), Breaker(self._policy))
            self._targets[key] = found
        return found

    def look(self, target: Target, now: float, *, alone: bool) -> Down | None:
        """Return why a target would not be asked now; None when it would.

        `alone` says that there is no other one to turn to: then only a target where
        nothing works any more is not asked.
        """
        standing = self.standing(target)
        if standing.is_well:
            return None
        for breaker in (standing.provider.breaker, standing.breaker):
            if not breaker.is_open:
                continue
            if breaker.would(now) is Permit.NO and not (
                alone and _worth_it(breaker, now)
            ):
                return Down(breaker.why, max(now, breaker.until))
        if standing.paused_until > now and not alone:
            return Down(WORDS[Trouble.RATE_LIMIT], standing.paused_until)
        return None

    def ask(self, target: Target, now: float, *, alone: bool) -> Ticket | Down:
        """Return leave to ask a target, or why not."""
        standing = self.standing(target)
        if standing.is_well:
            return standing.usual
        down = self.look(target, now, alone=alone)
        if down is not None:
            return down
        ticket = Ticket(standing)
        if standing.provider.breaker.is_open:
            ticket.of_provider = _admitted(standing.provider.breaker, now)
        if standing.breaker.is_open:
            ticket.of_target = _admitted(standing.breaker, now)
        return ticket

    def well(self, ticket: Ticket, now: float, *, retry: bool) -> None:
        """Take the end of an attempt that went well."""
        standing = ticket.standing
        standing.provider.breaker.succeeded(now, ticket.of_provider)
        standing.breaker.succeeded(now, ticket.of_target)
        if standing.paused_until:
            standing.paused_until = 0.0
        if not retry:
            standing.provider.purse.earn()

    def ill(self, ticket: Ticket, failure: Failure, now: float, *, retry: bool) -> None:
        """Take the end of an attempt that failed."""
        standing, trouble = ticket.standing, failure.trouble
        if not retry:
            standing.provider.purse.earn()
        general, own = standing.provider.breaker, standing.breaker
        if trouble is Trouble.LOCAL:
            self.nothing(ticket)
        elif trouble in _NO_FAULT:
            general.succeeded(now, ticket.of_provider)
            own.succeeded(now, ticket.of_target)
        elif trouble is Trouble.RATE_LIMIT:
            wait = failure.retry_after
            pause = min(SHORT_PAUSE if wait is None else wait, LONGEST_PAUSE)
            standing.paused_until = max(standing.paused_until, now + pause)
            self.nothing(ticket)
        elif trouble in _OF_PROVIDER:
            own.neutral(ticket.of_target)
            self._open(general, trouble, now, ticket.of_provider)
        else:
            general.neutral(ticket.of_provider)
            self._open(own, trouble, now, ticket.of_target)

    def nothing(self, ticket: Ticket) -> None:
        """Take the end of an attempt that says nothing: its client left."""
        ticket.standing.provider.breaker.neutral(ticket.of_provider)
        ticket.standing.breaker.neutral(ticket.of_target)

    def may_repeat(self, target: Target, now: float) -> bool:
        """Take a retry out of the provider's purse, if there is one left."""
        return self.standing(target).provider.purse.spend(now)

    def burden(self, target: Target, now: float) -> None:
        """Note that another target had to be asked for this one.

        Whose failures need more than their share of further attempts rests as well:
        else each request would begin with a failure.
        """
        standing = self.standing(target)
        if not standing.provider.purse.spend(now):
            standing.breaker.trip(now, _TOO_OFTEN, BURDEN_REST, jitter=self._jitter())

    def state(self, provider: str, now: float) -> BreakerState | None:
        """Return the worst state among a provider's breakers; None when unasked."""
        found = self._providers.get(provider)
        if found is None:
            return None
        states = {found.breaker.state(now)}
        states |= {
            standing.breaker.state(now)
            for (name, *_), standing in self._targets.items()
            if name == provider
        }
        return next(s for s in _WORST_FIRST if s in states)

    def rests_until(self, provider: str, now: float) -> float | None:
        """Return when a provider's last rest is over; None where nothing rests."""
        return max((each.until for each in self._resting(provider, now)), default=None)

    def end_rests(self, providers: Iterable[str], now: float) -> list[str]:
        """End what rests of these providers, of all for none; return whose did.

        The next request to each is a probe: a good end closes its breaker.
        """
        ended = []
        for name in list(providers) or list(self._providers):
            resting = self._resting(name, now)
            for breaker in resting:
                breaker.end_rest(now)
            if resting:
                ended.append(name)
        return ended

    def _resting(self, provider: str, now: float) -> list[Breaker]:
        found = self._providers.get(provider)
        if found is None:
            return []
        breakers = [found.breaker]
        breakers += [
            standing.breaker
            for (name, *_), standing in self._targets.items()
            if name == provider
        ]
        return [each for each in breakers if each.state(now) is BreakerState.OPEN]

    def why(self, provider: str, now: float) -> str | None:
        """Return what is wrong with a provider, for a person; None when all is well."""
        found = self._providers.get(provider)
        if found is None:
            return None
        if found.breaker.state(now) is not BreakerState.CLOSED:
            return found.breaker.why
        return next(
            (
                f"{model}: {standing.breaker.why}"
                for (name, model, _), standing in self._targets.items()
                if name == provider
                and standing.breaker.state(now) is not BreakerState.CLOSED
            ),
            None,
        )

    def _provider(self, name: str) -> Provider:
        found = self._providers.get(name)
        if found is None:
            found = Provider(Breaker(self._policy), RetryPurse())
            self._providers[name] = found
        return found

    def _open(
        self, breaker: Breaker, trouble: Trouble, now: float, permit: Permit
    ) -> None:
        rest = _RESTS.get(trouble)
        jitter = self._jitter()
        if rest is None:
            breaker.failed(now, WORDS[trouble], permit, jitter=jitter)
        else:
            breaker.trip(now, WORDS[trouble], rest, permit, jitter=jitter)


_REMEMBERED = 4096
_WORST_FIRST = (BreakerState.OPEN, BreakerState.HALF_OPEN, BreakerState.CLOSED)


def _worth_it(breaker: Breaker, now: float) -> bool:
    """Tell whether a target without an alternative is asked although it should rest.

    What a provider says of a bad key or an empty wallet, its caller should hear.
    """
    return breaker.tripped or not breaker.total(now)


def _admitted(breaker: Breaker, now: float) -> Permit:
    permit = breaker.ask(now)
    # Asked although it rests, because there is no other: a good end closes it.
    return Permit.PROBE if permit is Permit.NO else permit
