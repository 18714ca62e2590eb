"""A run as Markdown, to be put into an issue or a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.report import figures
from faregate.smoke.report.figures import COLUMNS
from faregate.smoke.report.learned import consequence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faregate.smoke.report.model import ProbeResult, RunReport, TargetResult


def markdown_lines(report: RunReport) -> list[str]:
    """Return a run in lines of Markdown."""
    lines = [f"# Smoke test, profile {report.profile}", ""]
    names = [group.value for group in COLUMNS]
    lines += _rows(
        ["target", *names, "ttft", "tok/s", "tools", "cost"],
        [
            [
                target.name,
                *(figures.cell(target, group) for group in COLUMNS),
                figures.seconds(target.speed.ttft_any_s),
                figures.rate(target.speed),
                figures.tools(target),
                figures.cost(target),
            ]
            for target in report.targets
        ],
    )
    for target in report.targets:
        lines += ["", *_target(target)]
    lines += ["", f"{report.cost} spent, booked to session `smoke`."]
    if report.interrupted:
        lines += ["", "The run was interrupted."]
    return lines


def _target(target: TargetResult) -> list[str]:
    head = f"## {_safe(target.name)} over {target.protocol}: {target.readiness.value}"
    follows = consequence(target)
    return [
        head,
        "",
        *_rows(
            ["verdict", "probe", "seen", "means", "fix"],
            [_probe(probe) for probe in target.probes],
        ),
        *([] if follows is None else ["", _safe(follows)]),
    ]


def _probe(probe: ProbeResult) -> list[str]:
    finding = probe.finding
    return [
        finding.verdict.value,
        probe.title,
        finding.seen,
        finding.means,
        finding.fix,
    ]


def _rows(header: list[str], rows: Iterable[list[str]]) -> list[str]:
    return [
        f"| {' | '.join(header)} |",
        f"|{'---|' * len(header)}",
        *(f"| {' | '.join(_safe(text) for text in row)} |" for row in rows),
    ]


def _safe(text: str) -> str:
    """Return text that no Markdown reader takes for a mark or a tag."""
    for mark in "\\|<>`*_[]":
        text = text.replace(mark, f"\\{mark}")
    return text
