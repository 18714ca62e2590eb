"""The result of a run: frozen values that every view and the history share."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING

from faregate.core.money import ZERO, Money
from faregate.core.values import dataclass
from faregate.smoke.metrics import Speed
from faregate.smoke.verdict import Finding, Verdict

if TYPE_CHECKING:
    from faregate.smoke.accuracy import ToolScore
    from faregate.smoke.probe import Group


class Readiness(StrEnum):
    """What a whole target is good for."""

    READY = "READY"
    LIMITED = "READY WITH LIMITATIONS"
    """Something is a WARN."""
    NOT_READY = "NOT READY"
    UNREACHABLE = "UNREACHABLE"
    REFUSED = "REFUSED"
    """A budget had no room, so nothing can be said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """One probe's finding and what it took."""

    id: str
    title: str
    group: Group
    finding: Finding
    requests: int = 0
    cost: Money = ZERO
    duration_s: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """Return the finding's verdict."""
        return self.finding.verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetResult:
    """One target's findings, in the order in which they were made.

    `cost` is what the ledger booked; `unknown` what it keeps because nobody can tell.
    Times are Unix milliseconds. `complete` is False where the run was broken off.
    """

    name: str
    provider: str
    model: str
    protocol: str
    base_url: str
    readiness: Readiness
    started_at_ms: int
    duration_s: float
    probes: tuple[ProbeResult, ...] = ()
    speed: Speed = field(default_factory=Speed)
    tools: ToolScore | None = None
    tools_streamed: ToolScore | None = None
    trigger_f1: float | None = None
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Money = ZERO
    unknown: Money = ZERO
    estimated: bool = False
    """Some of the cost is an estimate."""
    unpriced: bool = False
    complete: bool = True

    @property
    def cause(self) -> ProbeResult | None:
        """Return the first probe that failed; it is the cause of later ones."""
        return next((p for p in self.probes if p.verdict is Verdict.FAIL), None)

    def count(self, verdict: Verdict) -> int:
        """Return how many probes ended so."""
        return sum(probe.verdict is verdict for probe in self.probes)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """One run over one or more targets."""

    version: str
    profile: str
    started_at_ms: int
    max_cost: Money
    targets: tuple[TargetResult, ...] = ()
    reference: str | None = None
    interrupted: bool = False

    @property
    def cost(self) -> Money:
        """Return what the ledger booked for all targets."""
        return sum((target.cost for target in self.targets), ZERO)

    @property
    def unknown(self) -> Money:
        """Return what stays held because nobody can tell what it cost."""
        return sum((target.unknown for target in self.targets), ZERO)


def readiness_of(
    probes: tuple[ProbeResult, ...], *, refused: bool, complete: bool
) -> Readiness:
    """Return what the findings make of a target."""
    failed = [probe for probe in probes if probe.verdict is Verdict.FAIL]
    if any(probe.id == "reach" for probe in failed):
        return Readiness.UNREACHABLE
    if failed:
        return Readiness.NOT_READY
    if refused or not complete:
        return Readiness.REFUSED if refused else Readiness.NOT_READY
    if any(p.id == "basic" and p.verdict is Verdict.SKIP for p in probes):
        return Readiness.NOT_READY
    if any(probe.verdict is Verdict.WARN for probe in probes):
        return Readiness.LIMITED
    return Readiness.READY
