"""The keys of [capture]: their names, kinds, defaults and meaning."""

from __future__ import annotations

import re

from faregate.config.kinds import (
    FLAG,
    Kind,
    NotThisKind,
    duration,
    list_of,
    text,
)
from faregate.config.problems import shown
from faregate.config.settings import CaptureSettings
from faregate.config.tables import Field

_DEFAULTS = CaptureSettings()
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(kB|KB|MB|GB)")
_BYTES = {"kb": 1_000, "mb": 1_000_000, "gb": 1_000_000_000}
_HINT = 'Write a number with a unit, such as "500kB", "4MB" or "2GB".'


def size(low: int, high: int) -> Kind[int]:
    """Return the kind of sizes such as "4MB", in bytes."""

    def read(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool):
            raise NotThisKind(f"{shown(value)} has no unit", _HINT)
        found = _SIZE.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise NotThisKind(f"{shown(value)} is not a size", _HINT)
        bytes_ = int(float(found[1]) * _BYTES[found[2].lower()])
        if not low <= bytes_ <= high:
            raise NotThisKind(
                f"{shown(value)} is out of range",
                f"It goes from {low // 1000} kB to {high // 1000} kB.",
            )
        return bytes_

    return Kind(read, {"type": "string", "pattern": r"^\d+(\.\d+)? ?(kB|KB|MB|GB)$"})


class CaptureKeys:
    """Keys of [capture]."""

    ENABLED = Field(
        "enabled",
        FLAG,
        "keep what requests and answers say, for reading: prompts and code go to disk",
        default=_DEFAULTS.enabled,
    )
    WORKSPACES: Field[tuple[str, ...]] = Field(
        "workspaces",
        list_of(text(r"[A-Za-z0-9][A-Za-z0-9._@:+-]{0,127}", "a workspace's name")),
        "only requests of these workspaces (of all)",
    )
    MAX_BODY = Field(
        "max_body", size(1_000, 32_000_000), "how much is kept of one body (4MB)"
    )
    MAX_SIZE = Field(
        "max_size",
        size(1_000_000, 10**12),
        "how much is kept on disk in all, the oldest deleted first (512MB)",
    )
    MAX_AGE = Field(
        "max_age",
        duration(60, 366 * 86_400),
        "how long it is kept (7d)",
    )
