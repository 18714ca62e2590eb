"""Figures and cells of a report as a person reads them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.probe import Group
from faregate.smoke.verdict import Verdict

if TYPE_CHECKING:
    from faregate.smoke.metrics import Speed
    from faregate.smoke.report.model import TargetResult

COLUMNS: tuple[Group, ...] = (
    Group.REACH,
    Group.AUTH,
    Group.CHAT,
    Group.STREAM,
    Group.TOOLS,
    Group.USAGE,
    Group.ERRORS,
    Group.CACHE,
)
_WORST = (Verdict.FAIL, Verdict.WARN, Verdict.PASS, Verdict.UNSUPPORTED)
_WORDS = {
    Verdict.FAIL: "FAIL",
    Verdict.WARN: "warn",
    Verdict.PASS: "ok",
    Verdict.UNSUPPORTED: "n/a",
}

_FEWEST_FOR_RATE = 16


def cell(target: TargetResult, group: Group) -> str:
    """Return a group's worst verdict; a dash where nothing was tried."""
    found = {probe.verdict for probe in target.probes if probe.group is group}
    return next((_WORDS[verdict] for verdict in _WORST if verdict in found), "-")


def seconds(value: float | None) -> str:
    """Return a duration: 412ms, 1.9s."""
    if value is None:
        return "-"
    return f"{value * 1000:.0f}ms" if value < 1 else f"{value:.1f}s"


def rate(speed: Speed) -> str:
    """Return tokens a second; a dash where too few were seen to tell."""
    if speed.decode_tps is None or (speed.output_tokens or 0) < _FEWEST_FOR_RATE:
        return "-"
    return f"{'~' if speed.estimated else ''}{speed.decode_tps:.0f}"


def cost(target: TargetResult) -> str:
    """Return what a target cost, marked where that is a guess."""
    if target.unpriced:
        return "?"
    return f"{'~' if target.estimated else ''}{target.cost}"


def tools(target: TargetResult) -> str:
    """Return right calls of all: whole, then streamed."""
    scores = [s.text for s in (target.tools, target.tools_streamed) if s is not None]
    return " ".join(scores) if scores else "-"
