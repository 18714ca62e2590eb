"""Limits that were set for a while or for one session, in a file of the proxy's own.

Owns reading and writing it. What is set for good and for more than one session stands
in overrides.toml.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from faregate.config.files import read_private, write_private
from faregate.config.limit_values import limit_value, limit_words
from faregate.core.limit_changes import is_scope
from faregate.core.limits.effective import Timed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from faregate.config.paths import Paths
    from faregate.core.limits.effective import ChosenByScope, TimedByScope

FILE = "limits.json"
MOST_SESSIONS = 1000
"""Sessions of which it is kept what was set for them, the latest."""


@dataclass(slots=True, kw_only=True)
class SetLimits:
    """What was set, by scope: for good for one session, and for a while."""

    sessions: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    timed: dict[str, Mapping[str, Timed]] = field(default_factory=dict)


def read_set_limits(paths: Paths) -> SetLimits:
    """Return what was set; of a file that nobody can read nothing holds."""
    found = SetLimits()
    try:
        entries = json.loads(read_private(_file(paths)) or b"[]")
        for entry in entries:
            _take(found, entry)
    except (ValueError, KeyError, TypeError, AttributeError):
        return SetLimits()
    return found


def write_set_limits(
    paths: Paths, sessions: ChosenByScope, timed: TimedByScope
) -> None:
    """Keep these and no others."""
    latest = list(sessions.items())[-MOST_SESSIONS:]
    entries = [
        _entry(scope, name, value)
        for scope, chosen in latest
        for name, value in chosen.items()
    ]
    entries += [
        {**_entry(scope, name, each.value), "until_ms": each.until_ms}
        for scope, chosen in timed.items()
        for name, each in chosen.items()
    ]
    write_private(_file(paths), json.dumps(entries).encode())


def _entry(scope: str, name: str, value: Any) -> dict[str, Any]:
    return {"scope": scope, "limit": name, "value": limit_words(name, value)}


def _take(found: SetLimits, entry: dict[str, Any]) -> None:
    scope, name = entry["scope"], entry["limit"]
    value, until = limit_value(name, entry["value"]), entry.get("until_ms")
    if not is_scope(scope) or not isinstance(until, int | None):
        raise TypeError("no limit")
    if until is not None:
        timed = Timed(value=value, until_ms=until)
        found.timed[scope] = {**found.timed.get(scope, {}), name: timed}
    elif scope.startswith("session:"):
        found.sessions[scope] = {**found.sessions.get(scope, {}), name: value}


def _file(paths: Paths) -> Path:
    return paths.state_dir / FILE
