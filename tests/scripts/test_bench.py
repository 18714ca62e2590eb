"""A tiny run of the bench: its shape, never its speed."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from itertools import pairwise
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


def test_an_agents_turns_say_all_that_was_said_and_more() -> None:
    asked = (
        "import json, sys; sys.path.insert(0, sys.argv[1]); import scenarios; "
        "from systems import System; "
        "ask = scenarios.scenarios()[2].ask; "
        "gate = System(name='gate', pid=1, port=1, ready_s=0.0); "
        "sent = [ask.to(gate, number) for number in (0, 1)]; "
        "print(json.dumps([[next(each).decode() for _ in range(18)] for each in sent]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked, str(BENCH)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    for sent in json.loads(done.stdout):
        said = [json.loads(each.split("\r\n\r\n", 1)[1]) for each in sent]
        sizes = [len(each) for each in sent]
        assert 80_000 < sum(sizes[:16]) / 16 < 90_000
        goes_on = [
            plain(later["messages"]).startswith(plain(earlier["messages"]))
            for earlier, later in pairwise(said)
        ]
        # After its last turn a connection begins another session, once.
        assert goes_on.count(False) == 1
        marked = [
            at
            for at, message in enumerate(said[3]["messages"])
            if "cache_control" in json.dumps(message)
        ]
        assert marked == [len(said[3]["messages"]) - 1]


def plain(messages: list[dict[str, Any]]) -> str:
    """Messages without the marker that moves."""
    text = json.dumps(messages).removesuffix("]")
    return text.replace(', "cache_control": {"type": "ephemeral"}', "")
