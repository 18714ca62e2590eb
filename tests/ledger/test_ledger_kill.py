"""`kill -9` at any moment: what was acknowledged is there, what ran is unknown."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from faregate.core.money import MAX_PICO, Money
from faregate.ledger.reports import Reports
from tests.ledger.building import NOW_MS, month, open_ledger

ROOT = Path(__file__).parents[2]
KILLS = 8


class Told:
    """What the killed processes said, and the bounds of the truth that follow."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        """For each attempt what it counts for by the last acknowledgement."""
        self.doubtful: dict[str, tuple[int, int]] = {}
        """For the last call before a kill: the least and most it may count for."""

    def read(self, lines: list[str]) -> None:
        for line in lines:
            word, attempt, *numbers = line.split()
            amounts = [int(n) for n in numbers]
            if word == "trying" or word == "ending":
                self.doubtful[attempt] = (0, amounts[0])
            elif word != "open":
                self.doubtful.pop(attempt, None)
                self.counts[attempt] = amounts[0]

    def bounds(self) -> tuple[int, int]:
        """The least and the most that all attempts may sum to."""
        sure = sum(n for a, n in self.counts.items() if a not in self.doubtful)
        least = sure + sum(low for low, _ in self.doubtful.values())
        return least, sure + sum(high for _, high in self.doubtful.values())


def spend_until_killed(folder: Path, name: str, seed: int) -> list[str]:
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.ledger.spender", str(folder), name, str(seed)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert child.stdout is not None
    lines = []
    for _ in range(random.Random(seed).randrange(2, 400)):
        line = child.stdout.readline()
        assert line, "the spender ended by itself"
        lines.append(line)
    child.kill()
    rest = child.stdout.read().splitlines(keepends=True)
    child.stdout.close()
    child.wait()
    lines += [line for line in rest if line.endswith(b"\n")]
    return [line.decode() for line in lines]


def test_kill_minus_nine_again_and_again(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    told = Told()
    for kill in range(KILLS):
        told.read(spend_until_killed(folder, f"k{kill}", kill))
    ledger = open_ledger(folder)
    assert ledger.lost is None
    (state,) = ledger.states((month("1000000"),))
    assert state.held == Money(0)
    least, most = told.bounds()
    assert least <= (state.spent + state.unknown).pico <= most
    reports = Reports.open(folder)
    booked = {
        r.attempt for s in range(3) for r in reports.attempts(f"s{s}", limit=MAX_PICO)
    }
    booked |= {r.attempt for r in reports.attempts("s1", limit=MAX_PICO)}
    assert told.counts.keys() <= booked <= told.counts.keys() | told.doubtful.keys()
    assert reports.discrepancies() == ()
    assert sum(r.cost.pico for r in reports.spend("all", since_ms=NOW_MS - 1)) == (
        state.spent.pico
    )
    reports.close()
    ledger.close()
