"""How well a model calls tools over repeated requests. Pure arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRun:
    """One request that offered a tool, by the number of its prompt."""

    prompt: int
    streamed: bool
    triggered: bool
    """It ended in a tool call."""
    problem: str | None = None
    """Why the call breaks the tool's schema; None when it fits or none was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolScore:
    """Calls that were made and how many of them fit their schema."""

    runs: int
    calls: int
    valid: int

    @property
    def text(self) -> str:
        """Return "4/5", or a dash where no call was made."""
        return f"{self.valid}/{self.calls}" if self.calls else "-"


def score(runs: Iterable[ToolRun]) -> ToolScore:
    """Return the schema accuracy of some runs."""
    listed = list(runs)
    called = [run for run in listed if run.triggered]
    return ToolScore(
        runs=len(listed),
        calls=len(called),
        valid=sum(run.problem is None for run in called),
    )


def trigger_f1(ours: Sequence[ToolRun], reference: Sequence[ToolRun]) -> float | None:
    """Return how well the calls agree with the reference's, by prompt; None if none.

    A call counts as right where the reference called as well.
    """
    wanted = {(run.prompt, run.streamed): run.triggered for run in reference}
    pairs = [
        (run.triggered, wanted[run.prompt, run.streamed])
        for run in ours
        if (run.prompt, run.streamed) in wanted
    ]
    both = sum(a and b for a, b in pairs)
    made, expected = sum(a for a, _ in pairs), sum(b for _, b in pairs)
    if not pairs or not made + expected:
        return None
    return 2 * both / (made + expected)
