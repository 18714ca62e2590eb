"""A disk that is full, for real: a child process that may not make files grow."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ledger.building import faults, month, open_ledger, sums

ROOT = Path(__file__).parents[2]
CHILD = """
import json, resource, signal, sys
from pathlib import Path
from faregate.core.holds import Held, HoldState, LedgerError
from tests.ledger.building import asking, hold, open_ledger, truth

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
folder = Path(sys.argv[1])
ledger = open_ledger(folder)
for number in range(20):
    hold(ledger, f"a{number}", "0.01")
size = (folder / "ledger.db-wal").stat().st_size
spill = (folder / "ledger.spill").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (max(size, spill), resource.RLIM_INFINITY))
said = {"refused": None, "held": 20, "spilled": 0, "settled": 0}
for number in range(20, 2000):
    try:
        if isinstance(ledger.hold(asking(f"a{number}", "0.001")), Held):
            said["held"] += 1
    except LedgerError as error:
        said["refused"] = str(error)
        break
for number in range(20):
    booked = ledger.settle(truth(f"a{number}", "0.005"))
    said["settled" if booked.state is HoldState.SETTLED else "spilled"] += 1
said["paused"] = ledger.paused
said["records"] = [p.name for p in folder.iterdir()]
resource.setrlimit(
    resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
)
if sys.argv[2] == "freed":
    hold(ledger, "after", "0.01")
    said["paused_after"] = ledger.paused
print(json.dumps(said), flush=True)
import os
os._exit(9)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on file sizes there")
@pytest.mark.parametrize("then", ["freed", "killed"])
def test_holds_are_refused_and_ends_are_kept(folder: Path, then: str) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder), then],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=50,
    )
    assert answer.stdout, answer.stderr
    said = json.loads(answer.stdout)
    assert "Setting money aside failed" in said["refused"]
    assert said["spilled"] > 0
    assert said["spilled"] + said["settled"] == 20
    assert "spill file" in said["paused"]
    assert said.get("paused_after") is None
    ledger = open_ledger(folder)
    spent, held, unknown = sums(ledger, month())
    assert (spent, held) == ("0.1", "0")
    left = (said["held"] - 20) * 1 + (10 if then == "freed" else 0)
    assert round(float(unknown) * 1000) == left
    ledger.close()
    assert faults(folder) == ()
