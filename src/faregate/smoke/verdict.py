"""What one probe found: a verdict, the evidence, what it means and one fix."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING

from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

Fact = str | int | float | bool | None


class Verdict(StrEnum):
    """How a probe ended."""

    PASS = "PASS"
    WARN = "WARN"
    """It works, in a way that costs money or breaks some agents."""
    FAIL = "FAIL"
    UNSUPPORTED = "UNSUPPORTED"
    """The provider says that it does not have this; nobody is misled."""
    SKIP = "SKIP"
    """Not tried, and `seen` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The end of one probe; texts from outside were scrubbed before they got here."""

    verdict: Verdict
    seen: str
    """One line of evidence."""
    means: str = ""
    """What that does to money or tools; empty where nothing is wrong."""
    fix: str = ""
    """One thing to do about it."""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    """Figures for machines, by stable names."""


def passed(seen: str, **facts: Fact) -> Finding:
    """Return a finding that all is well."""
    return Finding(verdict=Verdict.PASS, seen=seen, facts=facts)


def warned(seen: str, means: str, fix: str, **facts: Fact) -> Finding:
    """Return a finding that a person should know of."""
    return Finding(verdict=Verdict.WARN, seen=seen, means=means, fix=fix, facts=facts)


def failed(seen: str, means: str, fix: str, **facts: Fact) -> Finding:
    """Return a finding that something needed does not work."""
    return Finding(verdict=Verdict.FAIL, seen=seen, means=means, fix=fix, facts=facts)


def unsupported(seen: str, **facts: Fact) -> Finding:
    """Return a finding that the provider openly lacks something."""
    return Finding(verdict=Verdict.UNSUPPORTED, seen=seen, facts=facts)


def skipped(why: str, **facts: Fact) -> Finding:
    """Return a finding that nothing was tried."""
    return Finding(verdict=Verdict.SKIP, seen=why, facts=facts)
