"""The limits of sessions while the proxy runs: set for good, for a while, taken back.

What is set for good stands in overrides.toml, what is set for a while or for one
session in a file of the proxy's own. A while ends by itself, at its instant or once as
much time has gone by: a clock that is set back does not prolong it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from faregate.config.limit_values import limit_value, limit_words
from faregate.config.overrides import set_limits
from faregate.config.problems import ConfigError
from faregate.config.set_limits import read_set_limits, write_set_limits
from faregate.core.identity import is_name
from faregate.core.limit_changes import (
    Concerned,
    effective_for,
    is_scope,
    loosens,
    with_value,
    without,
)
from faregate.core.limits.effective import EVERYONE, NAMES, Timed
from faregate.core.values import dataclass
from faregate.server.views import rfc3339

if TYPE_CHECKING:
    from faregate.config.paths import Paths
    from faregate.config.settings import Settings
    from faregate.control.governing import SetLimit
    from faregate.core.limits.effective import (
        ChosenByScope,
        LimitRules,
        TimedByScope,
    )
    from faregate.gateway.gate import Gate
    from faregate.gateway.limiting import Limiter
    from faregate.gateway.ports import GoverningPort

LEAST_S = 60.0
MOST_S = 31 * 86_400.0
LOOK_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change that was asked for, checked: what held, and what will."""

    scope: str
    name: str
    set_to: ChosenByScope
    timed: TimedByScope
    before: Any
    after: Any
    loosens: bool
    until_ms: int | None
    unset: bool


class LimitDesk:
    """Knows what was set at run time, and lets other limits hold."""

    def __init__(
        self, settings: Settings, paths: Paths, gate: Gate, ledger: GoverningPort
    ) -> None:
        """Begin with what was set before this process, as far as it still lasts."""
        if gate.governor.limiter is None:
            raise ValueError("a gate without limits has none to change")
        self._limiter: Limiter = gate.governor.limiter
        self._gate = gate
        self._paths = paths
        self._ledger = ledger
        kept = read_set_limits(paths)
        self._set: ChosenByScope = {**settings.limits_set.by_scope, **kept.sessions}
        self._timed: TimedByScope = dict(kept.timed)
        self._over_at: dict[tuple[str, str], float] = {}
        for scope, chosen in kept.timed.items():
            for name, each in chosen.items():
                self._begin(scope, name, each.until_ms)
        self._use()
        self.look()

    @property
    def rules(self) -> LimitRules:
        """Return the limits that hold."""
        return self._limiter.rules

    def change(self, asked: SetLimit, concerned: Concerned) -> Change:
        """Return what a change would do; raises ValueError for what cannot be set."""
        scope, name = asked.scope, asked.name
        _check(scope, name)
        set_to, timed, until = self._set, self._timed, None
        if asked.value is None:
            if asked.for_s is not None:
                raise ValueError("a limit that is taken back has no time")
            set_to, timed = without(set_to, scope, name), without(timed, scope, name)
            if (set_to, timed) == (self._set, self._timed):
                raise ValueError(f"{name} was not set for {scope_words(scope)}")
        else:
            value = limit_value(name, asked.value)
            if asked.for_s is None:
                # What is set for good ends what was set for a while.
                timed = without(timed, scope, name)
                set_to = with_value(set_to, scope, name, value)
            else:
                if not LEAST_S <= asked.for_s <= MOST_S:
                    raise ValueError("a while lasts from one minute to 31 days")
                until = self._gate.clock.now_ms() + int(asked.for_s * 1000)
                each = Timed(value=value, until_ms=until)
                timed = with_value(timed, scope, name, each)
        before, after = self.rules, self.rules.but(set_to, timed)
        return Change(
            scope=scope,
            name=name,
            set_to=set_to,
            timed=timed,
            before=_holds(before, name, concerned),
            after=_holds(after, name, concerned),
            # Whose end brings back what held before, so that has to be a person's.
            loosens=until is not None or loosens(before, after, name, concerned),
            until_ms=until,
            unset=asked.value is None,
        )

    def apply(self, change: Change, *, who: str) -> None:
        """Let it hold from the next request on, and over a restart.

        The audit knows first: LedgerError leaves everything as it was. ConfigError and
        OSError say that it holds until the next start only.
        """
        self._note(change, who=who)
        self._set, self._timed = change.set_to, change.timed
        self._over_at.pop((change.scope, change.name), None)
        if change.until_ms is not None:
            self._begin(change.scope, change.name, change.until_ms)
        self._use()
        self._publish(change)
        self._keep()

    async def run(self) -> None:
        """End what was set for a while when its time is over, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            self.look()

    def look(self) -> None:
        """End what is over."""
        now_ms, now = self._gate.clock.now_ms(), self._gate.clock.elapsed()
        for scope, chosen in dict(self._timed).items():
            for name, each in chosen.items():
                if now_ms >= each.until_ms or now >= self._over_at[scope, name]:
                    self._end(scope, name)

    def _end(self, scope: str, name: str) -> None:
        self._timed = without(self._timed, scope, name)
        self._over_at.pop((scope, name), None)
        self._use()
        gate = self._gate
        try:
            self._keep()
        except (ConfigError, OSError) as error:
            gate.events.publish(
                "limits",
                f"the end of a limit's time was not written down: {error}",
                at_ms=gate.clock.now_ms(),
                severity="alert",
            )
        gate.events.publish(
            "limits",
            f"{name} for {scope_words(scope)} is as it was before: its time is over",
            at_ms=gate.clock.now_ms(),
            session=_session(scope),
        )

    def _begin(self, scope: str, name: str, until_ms: int) -> None:
        clock = self._gate.clock
        left = (until_ms - clock.now_ms()) / 1000
        self._over_at[scope, name] = clock.elapsed() + min(left, MOST_S)

    def _use(self) -> None:
        self._limiter.reset(self._set, self._timed)

    def _keep(self) -> None:
        sessions = {k: v for k, v in self._set.items() if k.startswith("session:")}
        write_set_limits(self._paths, sessions, self._timed)
        others = {k: v for k, v in self._set.items() if k not in sessions}
        set_limits(self._paths, others)

    def _note(self, change: Change, *, who: str) -> None:
        note = "taken back" if change.unset else None
        if change.until_ms is not None:
            note = f"until {rfc3339(change.until_ms)}"
        self._ledger.note_limit(
            f"{change.scope} {change.name}",
            before=limit_words(change.name, change.before),
            after=limit_words(change.name, change.after),
            note=note,
            at_ms=self._gate.clock.now_ms(),
            who=who,
        )

    def _publish(self, change: Change) -> None:
        name, gate = change.name, self._gate
        shown = limit_words(name, change.after)
        was = limit_words(name, change.before)
        what = "taken back: it is" if change.unset else "set to"
        lasts = ""
        if change.until_ms is not None:
            seconds = (change.until_ms - gate.clock.now_ms()) / 1000
            lasts = f" for {limit_words('wall_clock', float(round(seconds)))}"
        gate.events.publish(
            "limits",
            f"{name} for {scope_words(change.scope)} {what} {shown}{lasts}, was {was}",
            at_ms=gate.clock.now_ms(),
            severity="warn" if change.loosens else "info",
            session=_session(change.scope),
        )


def scope_words(scope: str) -> str:
    """Return "every session", "agent codex", "session web-1"."""
    kind, _, name = scope.partition(":")
    return "every session" if kind == EVERYONE else f"{kind} {name}"


def _check(scope: str, name: str) -> None:
    """Raise ValueError for a scope or a name that no limit has."""
    kind, _, named = scope.partition(":")
    if not is_scope(scope) or len(scope) > 300 or not scope.isprintable():
        raise ValueError(
            f"{scope[:80]!r} has no limits; they are set for all, session:ID, "
            "agent:NAME or workspace:NAME"
        )
    if kind in {"agent", "workspace"} and not is_name(named):
        raise ValueError(f"{named[:80]!r} is no name of {kind}s")
    if name not in NAMES:
        # It says which limits there are.
        limit_value(name, "none")


def _session(scope: str) -> str | None:
    kind, _, name = scope.partition(":")
    return name if kind == "session" else None


def _holds(rules: LimitRules, name: str, concerned: Concerned) -> Any:
    return getattr(effective_for(rules, concerned).limits, name)
