"""Budgets that a person has raised for a while, in a file of the proxy's own.

Owns reading and writing it. What a raise means for a budget is decided elsewhere.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from faregate.config.files import read_private, write_private
from faregate.config.kinds import Cap
from faregate.config.sections.budgets import Slot, unusable
from faregate.core.limits.budget import SCOPE_KINDS
from faregate.core.money import Money
from faregate.core.values import dataclass
from faregate.core.windows import WindowKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from faregate.config.paths import Paths

FILE = "raises.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """One budget's other limit, until an instant in Unix milliseconds."""

    slot: Slot
    cap: Cap
    until_ms: int


def read_raises(paths: Paths) -> tuple[Raised, ...]:
    """Return what was raised; a file that nobody can read raises nothing."""
    try:
        found = json.loads(read_private(_file(paths)) or b"[]")
        return tuple(_read(entry) for entry in found)
    except (ValueError, KeyError, TypeError, AttributeError):
        return ()


def write_raises(paths: Paths, raises: Iterable[Raised]) -> None:
    """Keep these and no others."""
    entries = [
        {
            "scope": each.slot.scope,
            "window": each.slot.window.value,
            "limit": None if each.cap.limit is None else each.cap.limit.exact(),
            "until_ms": each.until_ms,
        }
        for each in raises
    ]
    write_private(_file(paths), json.dumps(entries).encode())


def slot_of(scope: str, window: str) -> Slot:
    """Return the slot of a budget's names; raises ValueError for what is none."""
    kind, _, name = scope.partition(":")
    if kind not in SCOPE_KINDS:
        raise ValueError(f"{scope!r} is no scope of a budget")
    slot = Slot(kind, name or None, WindowKind(window))
    if wrong := unusable(slot):
        raise ValueError(wrong)
    return slot


def _read(entry: dict[str, object]) -> Raised:
    limit, until = entry["limit"], entry["until_ms"]
    if not isinstance(until, int) or not isinstance(limit, str | None):
        raise TypeError("no raise")
    return Raised(
        slot=slot_of(str(entry["scope"]), str(entry["window"])),
        cap=Cap(None if limit is None else Money.usd(limit)),
        until_ms=until,
    )


def _file(paths: Paths) -> Path:
    return paths.state_dir / FILE
