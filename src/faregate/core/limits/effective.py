"""Which limits hold for a session, and where each value came from.

Defaults, then what was written for everyone, the workspace, the agent, then what a
person gave one run, then what was set for the one session. A run may choose beside a
default, and only lower what was written. In each place what was set while the proxy
runs wins over the configuration, and what was set for a while over what was set for good.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, fields, replace
from types import MappingProxyType
from typing import Any

from faregate.core.limits.limit import Limits
from faregate.core.limits.summed import Summed, summed
from faregate.core.values import dataclass

DEFAULTS = Limits(
    requests=1000, wall_clock=4 * 3600.0, retries=50, tool_calls=2000, concurrency=64
)
NAMES: tuple[str, ...] = tuple(item.name for item in fields(Limits))
BY_DEFAULT = "default"
BY_RUN = "faregate run"
BY_CONFIG = "[limits]"
BY_PERSON = "faregate limits"
EVERYONE = "all"
"""The scope of a limit that holds for every session."""
_REMEMBERED = 1024

Chosen = Mapping[str, Any]
"""Limits that somebody wrote down, by name; None for "none"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """A limit that holds for a while, until an instant in Unix milliseconds."""

    value: Any
    until_ms: int


ChosenByScope = Mapping[str, Chosen]
"""By "all", "workspace:X", "agent:X" or "session:X"."""
TimedByScope = Mapping[str, Mapping[str, Timed]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """The limits of a session and the source of each."""

    limits: Limits
    sources: Mapping[str, str]
    until_ms: Mapping[str, int] = field(default_factory=dict)
    """When those end that hold for a while."""
    scopes: Mapping[str, str] = field(default_factory=dict)
    """Whom those are for that were set while the proxy runs: "all", "agent:X" ..."""
    summed: Summed | None = field(init=False)
    """The short way past them, where there is one."""

    def __post_init__(self) -> None:
        """Find the short way once, not for each request."""
        object.__setattr__(self, "summed", summed(self.limits))


@dataclass(slots=True)
class LimitRules:
    """Everything that was said about limits; remembers its answers.

    `set_to` and `timed` are replaced as a whole while the proxy runs.
    """

    everyone: Chosen = field(default_factory=dict)
    by_agent: Mapping[str, Chosen] = field(default_factory=dict)
    by_workspace: Mapping[str, Chosen] = field(default_factory=dict)
    set_to: ChosenByScope = field(default_factory=dict)
    timed: TimedByScope = field(default_factory=dict)
    version: int = 0
    """How often other values were set."""
    _known: dict[tuple[str | None, Limits | None, str | None, str], Effective] = field(
        default_factory=dict
    )

    def effective(
        self,
        agent: str | None,
        granted: Limits | None = None,
        *,
        workspace: str | None = None,
        session: str = "",
    ) -> Effective:
        """Return the limits of a root session; `granted` is what its run has."""
        if not self._has_own(session):
            # Most sessions have nothing of their own: they share one answer.
            session = ""
        key = (agent, granted, workspace, session)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[key] = self._find(agent, granted, workspace, session)
        return found

    def _has_own(self, session: str) -> bool:
        if not self.set_to and not self.timed:
            return False
        own = f"session:{session}"
        return own in self.set_to or own in self.timed

    def use(self, set_to: ChosenByScope, timed: TimedByScope) -> None:
        """Let other values hold, from the next request on."""
        self.set_to, self.timed = set_to, timed
        self.version += 1
        self._known.clear()

    def but(self, set_to: ChosenByScope, timed: TimedByScope) -> LimitRules:
        """Return rules that differ in what was set while the proxy runs."""
        return LimitRules(
            self.everyone, self.by_agent, self.by_workspace, set_to, timed
        )

    def _find(
        self,
        agent: str | None,
        granted: Limits | None,
        workspace: str | None,
        session: str,
    ) -> Effective:
        found = _Found()
        for scope, written, source in self._places(agent, workspace):
            found.take(written, source)
            self._take_set(found, scope)
        if granted is not None:
            found.grant(granted)
        if session:
            self._take_set(found, f"session:{session}")
        return Effective(
            limits=found.limits,
            sources=MappingProxyType(found.sources),
            until_ms=MappingProxyType(found.until_ms),
            scopes=MappingProxyType(found.scopes),
        )

    def _places(
        self, agent: str | None, workspace: str | None
    ) -> Iterator[tuple[str, Chosen, str]]:
        yield EVERYONE, self.everyone, BY_CONFIG
        if workspace is not None:
            written = self.by_workspace.get(workspace, {})
            yield f"workspace:{workspace}", written, f"[limits.workspace.{workspace}]"
        if agent is not None:
            yield (
                f"agent:{agent}",
                self.by_agent.get(agent, {}),
                f"[limits.agent.{agent}]",
            )

    def _take_set(self, found: _Found, scope: str) -> None:
        kind, _, name = scope.partition(":")
        source = BY_PERSON
        if kind != EVERYONE:
            source += " --session" if kind == "session" else f" --{kind} {name}"
        found.take(self.set_to.get(scope, {}), source, scope)
        for limit, timed in self.timed.get(scope, {}).items():
            found.take({limit: timed.value}, source, scope)
            found.until_ms[limit] = timed.until_ms


@dataclass(slots=True)
class _Found:
    """What holds so far, place by place."""

    limits: Limits = DEFAULTS
    sources: dict[str, str] = field(
        default_factory=lambda: dict.fromkeys(NAMES, BY_DEFAULT)
    )
    until_ms: dict[str, int] = field(default_factory=dict)
    scopes: dict[str, str] = field(default_factory=dict)

    def take(self, chosen: Chosen, source: str, set_for: str | None = None) -> None:
        """Let these hold in place of what does; `set_for` if the proxy was told them."""
        if not chosen:
            return
        self.limits = replace(self.limits, **chosen)
        for name in chosen:
            self.sources[name] = source
            self.until_ms.pop(name, None)
            self.scopes.pop(name, None)
            if set_for is not None:
                self.scopes[name] = set_for

    def grant(self, granted: Limits) -> None:
        """Apply what a run was given; what was written is only ever lowered."""
        changes: dict[str, Any] = {}
        for name in NAMES:
            wanted, now = getattr(granted, name), getattr(self.limits, name)
            if wanted is None:
                continue
            if self.sources[name] == BY_DEFAULT or now is None or wanted < now:
                changes[name] = wanted
        self.take(changes, BY_RUN)
