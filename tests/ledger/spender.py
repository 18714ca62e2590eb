"""A process that spends until it is killed; run by the tests of `kill -9`.

It says on stdout what the ledger has acknowledged, one line each, after the call
returned and before the next one begins.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

from faregate.core.holds import Held
from faregate.core.money import Money
from faregate.ledger.ledger import Ledger
from tests.ledger.building import NOW_MS, asking, ending, three, truth


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def main(folder: Path, name: str, seed: int) -> None:
    """Hold, settle, void and give up on holds, as fast as it goes."""
    chance = random.Random(seed)
    ledger = Ledger.open(
        folder, clock_ms=lambda: NOW_MS, boot_id="boot-one", interval_s=0.002
    )
    say("open", len(ledger.swept))
    running: list[tuple[str, Money]] = []
    windows = [three("1000000", session=f"s{number}") for number in range(3)]
    labels = asking().labels
    soon: list[tuple[str, Money]] = []
    for number in range(100_000):
        attempt = f"{name}-{number}"
        amount = Money(chance.randrange(1, 10**11))
        say("trying", attempt, amount.pico)
        ask = asking(attempt, amount, budgets=windows[number % 3], labels=labels)
        if chance.randrange(2):
            assert isinstance(ledger.place(ask), Held)
            if chance.randrange(2):
                flush(ledger, soon)
            ledger.confirm(attempt)
        else:
            assert isinstance(ledger.hold(ask), Held)
        say("held", attempt, amount.pico)
        running.append((attempt, amount))
        if len(running) > chance.randrange(6):
            attempt, amount = running.pop(chance.randrange(len(running)))
            how = chance.randrange(7)
            if how < 4:
                finish(ledger, how, attempt, amount)
            else:
                settle_soon(ledger, attempt, amount, soon)
        if len(soon) > chance.randrange(9):
            flush(ledger, soon)


def settle_soon(
    ledger: Ledger, attempt: str, amount: Money, soon: list[tuple[str, Money]]
) -> None:
    """End one hold, and say so once it is written."""
    cost = Money(amount.pico // 3)
    say("ending", attempt, amount.pico, cost.pico)
    ledger.settle_soon(truth(attempt, cost))
    soon.append((attempt, cost))


def flush(ledger: Ledger, soon: list[tuple[str, Money]]) -> None:
    """Have everything written, and say what of it has ended."""
    ledger.flush()
    for attempt, cost in soon:
        say("settled", attempt, cost.pico)
    soon.clear()


def finish(ledger: Ledger, how: int, attempt: str, amount: Money) -> None:
    """End one hold and say so."""
    cost = Money(amount.pico // 3)
    say("ending", attempt, amount.pico, cost.pico)
    if how == 0:
        ledger.void(ending(attempt))
        say("voided", attempt, 0)
    elif how == 1:
        ledger.mark_unknown(ending(attempt))
        say("unknown", attempt, amount.pico)
    else:
        ledger.settle(truth(attempt, cost))
        say("settled", attempt, cost.pico)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
