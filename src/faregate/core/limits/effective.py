"""Which limits hold for a session, and where each value came from.

Defaults, then the configuration, then its section for the agent, then what a person
gave one run. A run may choose beside a default, and only lower what was configured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any

from faregate.core.limits.limit import Limits

DEFAULTS = Limits(
    requests=1000, wall_clock=4 * 3600.0, retries=50, tool_calls=2000, concurrency=64
)
NAMES: tuple[str, ...] = tuple(item.name for item in fields(Limits))
BY_DEFAULT = "default"
BY_RUN = "faregate run"
BY_CONFIG = "[limits]"
_REMEMBERED = 1024

Chosen = Mapping[str, Any]
"""Limits that somebody wrote down, by name; None for "none"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """The limits of a session and the source of each."""

    limits: Limits
    sources: Mapping[str, str]


@dataclass(slots=True)
class LimitRules:
    """Everything that was configured about limits; remembers its answers."""

    everyone: Chosen = field(default_factory=dict)
    by_agent: Mapping[str, Chosen] = field(default_factory=dict)
    _known: dict[tuple[str | None, Limits | None], Effective] = field(
        default_factory=dict
    )

    def effective(self, agent: str | None, granted: Limits | None = None) -> Effective:
        """Return the limits of an agent's session; `granted` is what its run has."""
        key = (agent, granted)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[key] = self._find(agent, granted)
        return found

    def _find(self, agent: str | None, granted: Limits | None) -> Effective:
        limits = DEFAULTS
        sources = dict.fromkeys(NAMES, BY_DEFAULT)
        own = self.by_agent.get(agent or "", {})
        for chosen, source in (
            (self.everyone, BY_CONFIG),
            (own, f"[limits.agent.{agent}]"),
        ):
            limits = replace(limits, **chosen)
            sources.update(dict.fromkeys(chosen, source))
        if granted is not None:
            limits = _granted(limits, granted, sources)
        return Effective(limits=limits, sources=MappingProxyType(sources))


def _granted(limits: Limits, granted: Limits, sources: dict[str, str]) -> Limits:
    """Apply what a run was given; what was configured is only ever lowered."""
    changes: dict[str, Any] = {}
    for name in NAMES:
        wanted, now = getattr(granted, name), getattr(limits, name)
        if wanted is None:
            continue
        if sources[name] == BY_DEFAULT or now is None or wanted < now:
            changes[name] = wanted
            sources[name] = BY_RUN
    return replace(limits, **changes)
