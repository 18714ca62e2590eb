"""A tiny run of the bench: its shape, never its speed."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).parents[2] / "scripts" / "benchmark"


def run(*arguments: str) -> str:
    command = [sys.executable, str(BENCH), "--requests", "8", *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=170, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def numbers(value: Any) -> list[float]:
    """Return every number in a JSON value."""
    if isinstance(value, dict):
        return [n for each in value.values() for n in numbers(each)]
    if isinstance(value, list):
        return [n for each in value for n in numbers(each)]
    return [value] if isinstance(value, int | float) else []


@pytest.mark.timeout(120)
def test_a_tiny_run_of_one_load_has_the_shape_of_all() -> None:
    result = json.loads(run("--json", "--rounds", "1", "--only", "small chat"))
    loads = [(row["scenario"], row["connections"]) for row in result["rows"]]
    assert loads == [("small chat", 1), ("small chat", 32)]
    assert all(map(math.isfinite, numbers(result)))
    for row in result["rows"]:
        assert row["cpu_ratio"] > 0
        assert row["rate_ratio"] is None or row["rate_ratio"] > 0
        assert row["bare"]["cpu_us"] > 0
        assert row["gate"]["cpu_us"] > 0
    assert result["start"]["gate_s"] > 0
    assert result["crowd"]["streams"] > 0
    assert result["crowd"]["gate_mb"] > 0
