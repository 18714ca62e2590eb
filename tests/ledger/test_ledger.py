"""The ledger as the gate sees it: its port, its close, and why it is paused."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest

from faregate.core.holds import AlreadyResolvedError, Held, LedgerError, NoRoom
from faregate.core.money import ZERO
from faregate.gateway.ports import LedgerPort
from faregate.ledger.ledger import Ledger
from tests.ledger.building import (
    FakeClock,
    asking,
    ending,
    faults,
    hold,
    month,
    open_ledger,
    over_limit,
    sums,
    three,
    truth,
    usd,
)


def test_it_is_what_the_gateway_asks_for(ledger: Ledger) -> None:
    port: LedgerPort = ledger
    assert port.states((month(),))[0].room == usd("20")


def test_it_opens_with_the_boot_of_this_machine(folder: Path) -> None:
    for _ in range(2):
        ledger = Ledger.open(folder, clock_ms=FakeClock())
        hold(ledger, f"a{_}", "0.10")
        assert ledger.lost is None
        ledger.close()


def test_money_survives_a_restart_exactly(folder: Path) -> None:
    ledger = open_ledger(folder)
    for number in range(30):
        hold(ledger, f"a{number}", "0.0000001")
        ledger.settle(truth(f"a{number}", "0.000000033333"))
    ledger.close()
    again = open_ledger(folder)
    assert sums(again, month()) == ("0.00000099999", "0", "0")
    again.close()


def test_a_crowd_at_the_edge_never_passes_the_limit(ledger: Ledger) -> None:
    """Two hundred that want 0.05 each of one dollar: twenty get it, never more."""
    chance = random.Random(5)
    running: list[str] = []
    most = 0
    for number in range(200):
        outcome = ledger.hold(asking(f"a{number}", "0.05", budgets=three("1")))
        if isinstance(outcome, Held):
            assert not over_limit(outcome.states)
            running.append(f"a{number}")
            most = max(most, len(running))
        elif running and chance.random() < 0.3:
            done = running.pop(chance.randrange(len(running)))
            ledger.settle(truth(done, "0.05"))
    (state,) = ledger.states((month("1"),))
    assert state.room == ZERO
    assert most == 20
    assert state.spent + state.held == usd("1")


class TestPaused:
    def test_not_at_first(self, ledger: Ledger) -> None:
        assert ledger.paused is None

    def test_after_the_close(self, folder: Path) -> None:
        ledger = open_ledger(folder)
        hold(ledger)
        ledger.close()
        assert ledger.paused == "the ledger is closed"
        with pytest.raises(LedgerError, match="admits nothing: the ledger is closed"):
            ledger.hold(asking("a2"))
        with pytest.raises(LedgerError):
            ledger.settle(truth("a1"))
        for decide in (
            lambda: ledger.resolve("a1", None, note="", who="me"),
            lambda: ledger.reopen("global", "month", note="", who="me"),
            lambda: ledger.set_limit("global", "month", None, note="", who="me"),
            lambda: ledger.judge("s1", "accepted", note="", who="me"),
            lambda: ledger.end_session("s1"),
        ):
            with pytest.raises(LedgerError, match="is closed"):
                decide()

    def test_a_refusal_of_the_rules_pauses_nothing(self, ledger: Ledger) -> None:
        hold(ledger)
        ledger.settle(truth())
        with pytest.raises(AlreadyResolvedError):
            ledger.void(ending())
        assert isinstance(ledger.hold(asking("a2", "99")), NoRoom)
        assert ledger.paused is None


class TestClose:
    def test_leaves_no_thread(self, folder: Path) -> None:
        ledger = open_ledger(folder)
        names = [t.name for t in threading.enumerate()]
        assert "faregate-ledger-sync" in names
        ledger.close()
        names = [t.name for t in threading.enumerate()]
        assert "faregate-ledger-sync" not in names

    def test_with_open_holds_they_are_unknown_next_time(self, folder: Path) -> None:
        ledger = open_ledger(folder)
        hold(ledger)
        ledger.close()
        again = open_ledger(folder, boot_id="boot-two")
        assert again.swept == ("a1",)
        assert again.lost is None
        again.close()
        assert faults(folder) == ()

    def test_that_cannot_write_still_gives_the_lock_back(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ledger = open_ledger(folder)
        hold(ledger)

        def fail() -> None:
            raise LedgerError("no disk")

        monkeypatch.setattr(ledger._parts.escrow, "close", fail)
        ledger.close()
        again = open_ledger(folder)
        assert again.swept == ("a1",)
        again.close()
