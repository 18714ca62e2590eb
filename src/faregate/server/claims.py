"""What a request says of its own session and labels, in its path and headers.

Reads names only; whether a claim counts is decided where identity is.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from faregate.core.identity import Claim, is_name
from faregate.core.labels import NO_LABELS, Labels
from faregate.core.refusal import Refusal, RefusalCode

if TYPE_CHECKING:
    from collections.abc import Mapping

_NO_CLAIM = Claim()
_PREFIXES = {"w": "workspace", "s": "session", "a": "agent"}
_LABELS = ("workspace", "agent", "user", "task", "customer", "feature")
_HEADERS = {f"x-faregate-{name}": name for name in (*_LABELS, "session")}


@lru_cache(maxsize=512)
def claim_of_path(path: str) -> tuple[Claim | None, str]:
    """Split label prefixes off a path; None when a prefix names nothing valid."""
    found: dict[str, str] = {}
    rest = path
    while len(rest) > 2 and rest[0] == "/" and rest[2] == "/" and rest[1] in _PREFIXES:
        kind = _PREFIXES[rest[1]]
        name, slash, tail = rest[3:].partition("/")
        if kind in found or not is_name(name):
            return None, path
        found[kind] = name
        rest = slash + tail
    return _claim(found), rest


def claim_of_headers(headers: Mapping[str, str]) -> Claim | Refusal:
    """Return what the gate's own headers claim; refuse a value that is no name."""
    if _HEADERS.keys().isdisjoint(headers):
        return _NO_CLAIM
    found: dict[str, str] = {}
    for header, name in _HEADERS.items():
        value = headers.get(header)
        if value is None:
            continue
        if not is_name(value):
            return Refusal(
                code=RefusalCode.BAD_REQUEST,
                message=f"{header} must be 1 to 128 of A-Z a-z 0-9 . _ @ : "
                "+ - and begin with a letter or digit",
                param=header,
            )
        found[name] = value
    return _claim(found)


def _claim(found: dict[str, str]) -> Claim:
    if not found:
        return _NO_CLAIM
    session = found.pop("session", None)
    return Claim(session=session, labels=Labels(**found) if found else NO_LABELS)
