"""A run for a person in a terminal: one row a target, then what is not in order.

Fits 80 columns; texts were scrubbed before they got here.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from faregate.smoke.report import figures
from faregate.smoke.report.figures import COLUMNS
from faregate.smoke.report.learned import consequence
from faregate.smoke.report.model import Readiness
from faregate.smoke.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from faregate.smoke.report.model import ProbeResult, RunReport, TargetResult

WIDTH = 80
_SHOWN = (Verdict.FAIL, Verdict.WARN, Verdict.UNSUPPORTED)
_LEAST_NAME = 8


def table_lines(
    report: RunReport, *, width: int = WIDTH, every: bool = False
) -> list[str]:
    """Return a run in lines; `every` lists what passed or was skipped too."""
    verdicts = [
        ("TARGET", *(group.value.upper() for group in COLUMNS)),
        *(
            (target.name, *(figures.cell(target, g) for g in COLUMNS))
            for target in report.targets
        ),
    ]
    speeds = [
        ("", "TTFB", "TTFT", "ANSWER", "TOK/S", "TOOLS", "REQ", "TOKENS", "COST"),
        *(_speed_row(target) for target in report.targets),
    ]
    # Both shorten the names alike, or one target seems to be two.
    first = min(_first(verdicts, width), _first(speeds, width))
    lines = [*aligned(verdicts, first), "", *aligned(speeds, first)]
    for target in report.targets:
        lines += ["", *_target_lines(target, width, every=every)]
    lines += ["", *_wrapped(_summary(report), width, 2)]
    return lines


def _speed_row(target: TargetResult) -> tuple[str, ...]:
    speed = target.speed
    return (
        target.name,
        figures.seconds(speed.ttfb_s),
        figures.seconds(speed.ttft_any_s),
        figures.seconds(speed.ttft_text_s),
        figures.rate(speed),
        figures.tools(target),
        str(target.requests),
        str(target.input_tokens + target.output_tokens),
        figures.cost(target),
    )


def _target_lines(target: TargetResult, width: int, *, every: bool) -> Iterator[str]:
    head = f"{target.name} over {target.protocol}: {target.readiness.value}"
    yield from _wrapped(head, width, 2)
    if target.trigger_f1 is not None:
        yield f"  trigger F1 against the reference: {target.trigger_f1:.2f}"
    cause = target.cause
    for probe in target.probes:
        if every or probe.verdict in _SHOWN:
            yield from _probe_lines(probe, width, is_cause=probe is cause)
    skipped = target.count(Verdict.SKIP)
    passed = target.count(Verdict.PASS)
    if not every:
        yield f"  {passed} passed, {skipped} skipped (--all lists them)"
    follows = consequence(target)
    if follows is not None:
        yield from _wrapped(f"  {follows}", width, 2)


def _probe_lines(probe: ProbeResult, width: int, *, is_cause: bool) -> Iterator[str]:
    mark = " (the cause)" if is_cause else ""
    finding = probe.finding
    yield from _wrapped(
        f"  {finding.verdict.value:<11} {probe.title}{mark}: {finding.seen}", width, 14
    )
    if finding.means:
        yield from _wrapped(f"{'':14}means: {finding.means}", width, 14)
    if finding.fix:
        yield from _wrapped(f"{'':14}fix:   {finding.fix}", width, 14)


def _wrapped(text: str, width: int, indent: int) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        subsequent_indent=" " * indent,
        drop_whitespace=True,
        break_long_words=True,
        break_on_hyphens=False,
    )


def _summary(report: RunReport) -> str:
    ready = sum(
        t.readiness in {Readiness.READY, Readiness.LIMITED} for t in report.targets
    )
    text = (
        f"{ready} of {len(report.targets)} ready; {report.cost} spent, booked to "
        "session smoke"
    )
    if report.unknown:
        text += f", {report.unknown} unknown (faregate holds)"
    return f"interrupted: {text}" if report.interrupted else text


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "\u2026"


def _first(table: Sequence[Sequence[str]], width: int) -> int:
    """Return how wide the first column may be, so that all of them fit `width`."""
    widths = _widths(table)
    others = sum(widths[1:]) + 2 * (len(widths) - 1)
    return min(widths[0], max(_LEAST_NAME, width - others))


def _widths(table: Sequence[Sequence[str]]) -> list[int]:
    return [max(len(row[i]) for row in table) for i in range(len(table[0]))]


def aligned(table: Sequence[Sequence[str]], first: int) -> list[str]:
    """Return columns, the first to the left and shortened to `first`."""
    widths = [first, *_widths(table)[1:]]
    return [
        "  ".join(
            f"{_short(text, size):<{size}}" if index == 0 else f"{text:>{size}}"
            for index, (text, size) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
