"""Verdicts, and patterns of names that lead to them.

Owns what a pattern with stars means, and which of several verdicts counts.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable


class Verdict(StrEnum):
    """What a rule says of one thing."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"


_STRICTNESS = (Verdict.ALLOW, Verdict.ASK, Verdict.DENY)


def strictest(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the strictest of some verdicts, ALLOW for none."""
    return max(verdicts, key=_STRICTNESS.index, default=Verdict.ALLOW)


@dataclass(frozen=True, slots=True)
class NameRule:
    """A pattern of names, `*` for anything, and what becomes of those that fit."""

    pattern: str
    verdict: Verdict


def fits(pattern: str, name: str) -> bool:
    """Tell whether a name fits a pattern in which `*` stands for anything.

    Takes time in proportion to the name, whatever stands in either.
    """
    first, *rest = pattern.split("*")
    if not rest:
        return name == pattern
    *middle, last = rest
    if not name.startswith(first) or len(name) < len(first) + len(last):
        return False
    at, end = len(first), len(name) - len(last)
    for piece in middle:
        found = name.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return name.endswith(last)


def first_fit(rules: Iterable[NameRule], names: Iterable[str]) -> NameRule | None:
    """Return the first rule that one of these names of the same thing fits."""
    known = tuple(names)
    for rule in rules:
        if any(fits(rule.pattern, name) for name in known):
            return rule
    return None
