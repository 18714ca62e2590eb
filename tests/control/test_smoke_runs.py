"""Results of smoke tests on their way into the ledger and back."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from faregate.control.smoke_runs import (
    SmokeProbe,
    SmokeRuns,
    SmokeRunView,
    row_of,
    view_of,
)
from faregate.core.money import Money

BASIC = SmokeProbe(id="basic", title="Basic", group="chat", verdict="PASS", seen="200")
TOOL = SmokeProbe(id="tool", title="Tool", group="tools", verdict="FAIL", fix="none")
VIEW = SmokeRunView(
    run="r1",
    at="2026-11-23T10:40:00.125Z",
    target="deepseek/deepseek-flash",
    protocol="openai_chat",
    profile="quick",
    readiness="NOT READY",
    cost="0.0004",
    probes=[BASIC, TOOL],
    metrics={"ttfb_s": 0.25, "requests": 9, "served": "x", "none": None, "yes": True},
    learned={"tools": False},
)


def test_what_is_kept_comes_back_the_same() -> None:
    row = row_of(VIEW)
    assert row.cost == Money.usd("0.0004")
    assert row.at_ms == 1_795_430_400_125
    assert view_of(row) == VIEW


def test_a_view_names_its_provider_and_its_cause() -> None:
    assert VIEW.provider == "deepseek"
    assert VIEW.cause == TOOL
    assert msgspec.structs.replace(VIEW, probes=[BASIC]).cause is None


def test_what_is_told_is_made_harmless() -> None:
    nasty = "a\x1b[31m\nb" + "x" * 9000
    told = msgspec.structs.replace(
        VIEW,
        target=f"p/{nasty}"[:200],
        probes=[msgspec.structs.replace(BASIC, seen=nasty, title=nasty, fix=nasty)],
        metrics={nasty: nasty},
    )
    row = row_of(told)
    for text in (row.target, row.verdicts, row.metrics):
        assert "\\u001b" not in text
        assert "\x1b" not in text
        assert len(text) < 3000


@pytest.mark.parametrize(
    "changed",
    [
        {"cost": "-1"},
        {"cost": "NaN"},
        {"cost": "much"},
        {"at": "yesterday"},
        {"at": "2026-11-23T10:40:00"},
        {"metrics": {str(n): n for n in range(101)}},
    ],
)
def test_nonsense_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        row_of(msgspec.structs.replace(VIEW, **changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"probes": [{"id": "A b", "title": "", "group": "x", "verdict": "PASS"}]},
        {"probes": [{"id": "a", "title": "", "group": "x", "verdict": "MAYBE"}]},
        {"target": ""},
        {"target": "x" * 201},
        {"metrics": {"a": [1]}},
        {"probes": [msgspec.to_builtins(BASIC)] * 101},
    ],
)
def test_another_shape_is_no_result(changed: dict[str, object]) -> None:
    told = {"runs": [{**msgspec.to_builtins(VIEW), **changed}]}
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(told), type=SmokeRuns)


def test_what_another_version_wrote_is_read_as_far_as_it_goes() -> None:
    row = replace(row_of(VIEW), verdicts='{"basic": "PASS"}', metrics="[]")
    view = view_of(row)
    assert view.probes == []
    assert view.metrics == {}
    assert view.readiness == "NOT READY"
