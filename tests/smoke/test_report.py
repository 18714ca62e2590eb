"""One run in three forms, with known values."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from faregate.core.money import ZERO, Money
from faregate.smoke.accuracy import ToolScore
from faregate.smoke.metrics import Speed
from faregate.smoke.probe import Group
from faregate.smoke.report import figures
from faregate.smoke.report.document import document_of
from faregate.smoke.report.markdown import markdown_lines
from faregate.smoke.report.model import (
    ProbeResult,
    Readiness,
    RunReport,
    TargetResult,
    readiness_of,
)
from faregate.smoke.report.table import table_lines
from faregate.smoke.verdict import Finding, failed, passed, skipped, unsupported, warned

GOLDEN = Path(__file__).parent / "report_golden.json"


def result(id: str, group: Group, finding: Finding) -> ProbeResult:
    return ProbeResult(
        id=id,
        title=id.title(),
        group=group,
        finding=finding,
        requests=1,
        cost=Money.usd("0.0001"),
        duration_s=0.25,
    )


PROBES = (
    result("reach", Group.REACH, passed("connected", connect_s=0.01)),
    result("basic", Group.CHAT, warned("odd | text", "it means", "do this")),
    result(
        "tool", Group.TOOLS, failed("printed as text", "agents loop", "use another")
    ),
    result("tool_stream", Group.TOOLS, skipped("after tool: FAIL")),
    result("reasoning", Group.CHAT, unsupported("none")),
)
TARGET = TargetResult(
    name="sim/sim-small",
    provider="sim",
    model="sim-small",
    protocol="openai_chat",
    base_url="http://127.0.0.1:9/v1",
    readiness=Readiness.NOT_READY,
    started_at_ms=1_795_400_000_000,
    duration_s=1.5,
    probes=PROBES,
    speed=Speed(
        ttfb_s=0.1,
        ttft_any_s=0.412,
        ttft_text_s=1.9,
        itl_s=0.01,
        decode_tps=99.5,
        output_tokens=120,
        gaps=3,
        gap_max_s=0.5,
    ),
    tools=ToolScore(runs=5, calls=4, valid=3),
    tools_streamed=ToolScore(runs=5, calls=0, valid=0),
    trigger_f1=0.5,
    requests=7,
    input_tokens=1000,
    output_tokens=200,
    cost=Money.usd("0.0005"),
    unknown=Money.usd("0.01"),
    estimated=True,
)
REPORT = RunReport(
    version="1.2.3",
    profile="quick",
    started_at_ms=1_795_400_000_000,
    max_cost=Money.usd("0.02"),
    targets=(TARGET,),
    reference="sim/other",
)


def test_the_json_is_the_golden_one() -> None:
    """A script relies on it: fields are added, never renamed or removed."""
    assert document_of(REPORT) == json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.mark.parametrize("width", [80, 100, 120])
@pytest.mark.parametrize("every", [False, True])
def test_the_table_fits_and_names_the_cause(width: int, every: bool) -> None:
    long = replace(
        PROBES[2], finding=failed("x" * 300, "why " * 60, "a-very-long-word" * 12)
    )
    target = replace(TARGET, name="provider-with-a/name-of-a-very-long-model-20260101")
    report = replace(REPORT, targets=(replace(target, probes=(*PROBES, long)), TARGET))
    lines = table_lines(report, width=width, every=every)
    assert max(map(len, lines)) <= max(width, 80)
    text = "\n".join(lines)
    assert text.count("(the cause)") == 2
    assert ("Reach: connected" in text) is every
    assert "3/4 -" in text
    assert "F1 against the reference: 0.50" in text


def test_both_tables_shorten_a_name_alike() -> None:
    target = replace(TARGET, name="provider-with-a/name-of-a-very-long-model-20260101")
    lines = table_lines(replace(REPORT, targets=(target,)))
    assert lines[1].split()[0] == lines[4].split()[0]


def test_too_few_tokens_make_no_rate() -> None:
    def rate(tokens: int) -> str:
        speed = replace(TARGET.speed, output_tokens=tokens)
        return figures.rate(speed)

    assert (rate(16), rate(15)) == ("100", "-")
    assert figures.rate(replace(TARGET.speed, estimated=True)) == "~100"
    assert figures.rate(Speed()) == "-"


def test_what_follows_from_a_failure_of_tools_is_told() -> None:
    words = "requests with tools are refused for sim/sim-small until it passes"
    for lines in (table_lines(REPORT), markdown_lines(REPORT)):
        assert words in " ".join(" ".join(lines).split())
    spared = replace(TARGET, complete=False), replace(TARGET, probes=PROBES[:2])
    for target in spared:
        assert words not in "\n".join(table_lines(replace(REPORT, targets=(target,))))


def test_the_columns_run_from_cause_to_effect() -> None:
    header, row = table_lines(REPORT)[:2]
    assert header.split() == [
        *("TARGET", "REACH", "AUTH", "CHAT", "STREAM", "TOOLS", "USAGE", "ERRORS"),
        "CACHE",
    ]
    assert row.split() == [
        "sim/sim-small",
        "ok",
        "-",
        "warn",
        "-",
        "FAIL",
        "-",
        "-",
        "-",
    ]


def test_the_end_says_what_was_spent() -> None:
    last = " ".join(table_lines(REPORT)[-2:])
    assert "0 of 1 ready" in last
    assert "session smoke" in last
    assert "unknown" in last
    broken_off = replace(REPORT, interrupted=True)
    assert "interrupted: 0 of 1 ready" in "\n".join(table_lines(broken_off))


def test_costs_say_where_they_are_from() -> None:
    def cost(**changes: object) -> str:
        target = replace(TARGET, **changes)  # type: ignore[arg-type]
        return table_lines(replace(REPORT, targets=(target,)))[4].split()[-1]

    assert cost() == "~$0.0005"
    assert cost(estimated=False) == "$0.0005"
    assert cost(unpriced=True) == "?"


def test_markdown_escapes_what_came_from_outside() -> None:
    text = "\n".join(markdown_lines(REPORT))
    assert "| WARN | Basic | odd \\| text | it means | do this |" in text
    evil = replace(PROBES[0], finding=passed("<script>[x](y)`z`"))
    shown = "\n".join(
        markdown_lines(replace(REPORT, targets=(replace(TARGET, probes=(evil,)),)))
    )
    assert "<script>" not in shown.replace("\\<", "")
    assert "[x]" not in shown.replace("\\[", "")


def test_an_empty_run_has_every_form() -> None:
    empty = replace(REPORT, targets=(), interrupted=True)
    assert document_of(empty)["cost"] == "0"
    assert table_lines(empty)
    assert markdown_lines(empty)


@pytest.mark.parametrize(
    ("findings", "refused", "complete", "readiness"),
    [
        ({"reach": passed("x"), "basic": passed("x")}, False, True, Readiness.READY),
        ({"basic": warned("x", "m", "f")}, False, True, Readiness.LIMITED),
        ({"basic": passed("x"), "t": unsupported("x")}, False, True, Readiness.READY),
        ({"basic": failed("x", "m", "f")}, False, True, Readiness.NOT_READY),
        ({"reach": failed("x", "m", "f")}, False, True, Readiness.UNREACHABLE),
        ({"basic": skipped("x")}, False, True, Readiness.NOT_READY),
        ({"basic": skipped("x")}, True, True, Readiness.REFUSED),
        ({"basic": passed("x")}, False, False, Readiness.NOT_READY),
    ],
)
def test_what_findings_make_of_a_target(
    findings: dict[str, Finding], refused: bool, complete: bool, readiness: Readiness
) -> None:
    probes = tuple(result(id, Group.CHAT, found) for id, found in findings.items())
    assert readiness_of(probes, refused=refused, complete=complete) is readiness


def test_sums_over_targets() -> None:
    two = replace(REPORT, targets=(TARGET, TARGET))
    assert two.cost == Money.usd("0.001")
    assert two.unknown == Money.usd("0.02")
    assert replace(REPORT, targets=()).cost == ZERO
