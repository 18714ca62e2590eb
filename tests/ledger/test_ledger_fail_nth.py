"""The n-th statement fails, for every n: nothing is half done, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from faregate.core.holds import (
    AlreadyResolvedError,
    Held,
    HoldState,
    LedgerError,
)
from faregate.ledger.ledger import Ledger
from tests.ledger.building import (
    asking,
    ending,
    faults,
    hold,
    killed,
    month,
    of_session,
    open_ledger,
    sums,
    three,
    truth,
)

MOST_STATEMENTS = 60


class FailNth:
    """Makes the n-th statement of the ledger's own connection fail, once."""

    def __init__(self, ledger: Ledger, nth: int) -> None:
        self.left = nth
        self.failed: str | None = None
        self._connection = ledger._parts.connection
        self._connection.exec_trace = self._trace

    def _trace(self, _cursor: Any, sql: str, _bindings: Any) -> bool:
        self.left -= 1
        if self.left == 0:
            self.failed = sql
            raise apsw.IOError("the disk failed")
        return True

    def end(self) -> None:
        self._connection.exec_trace = None


def every_statement(
    folder: Path,
    prepare: Callable[[Ledger], object],
    act: Callable[[Ledger], object],
    check: Callable[[Ledger, bool], None],
) -> None:
    """Run `act` with its n-th statement failing, for n = 1, 2, ... until none does.

    `check` sees the ledger after the failure, and again after a kill and a restart.
    """
    for nth in range(1, MOST_STATEMENTS):
        ledger = open_ledger(folder.with_name(f"{folder.name}-{nth}"))
        prepare(ledger)
        failing = FailNth(ledger, nth)
        try:
            act(ledger)
        except LedgerError:
            assert failing.failed
        failing.end()
        check(ledger, False)
        copy = killed(ledger._parts.folder, f"killed-{nth}")
        ledger.close()
        again = open_ledger(copy)
        check(again, True)
        again.close()
        assert faults(copy) == ()
        if failing.failed is None:
            return
    raise AssertionError("it never ran to its end")


def test_of_a_hold(folder: Path) -> None:
    def act(ledger: Ledger) -> None:
        ledger.hold(asking("a1", "0.50", session="new", budgets=three(session="new")))

    def check(ledger: Ledger, restarted: bool) -> None:
        spent, held, unknown = sums(ledger, month())
        assert spent == "0"
        assert (held, unknown) in {
            ("0.2", "0"),
            ("0.7", "0"),
            ("0", "0.2"),
            ("0", "0.7"),
        }
        assert (unknown == "0") is not restarted
        if restarted:
            return
        if held == "0.2":
            assert sums(ledger, of_session("new")) == ("0", "0", "0")
            retried = ledger.hold(
                asking("a1", "0.50", session="new", budgets=three(session="new"))
            )
            assert isinstance(retried, Held)
        assert sums(ledger, month()) == ("0", "0.7", "0")

    every_statement(folder, lambda ledger: hold(ledger, "a0", "0.20"), act, check)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (lambda ledger: ledger.settle(truth("a1", "0.10")), ("0.1", "0", "0")),
        (lambda ledger: ledger.settle(truth("a1", "0.90")), ("0.9", "0", "0")),
        (lambda ledger: ledger.void(ending("a1")), ("0", "0", "0")),
        (lambda ledger: ledger.mark_unknown(ending("a1")), ("0", "0", "0.5")),
    ],
    ids=["settle", "overrun", "void", "unknown"],
)
def test_of_an_end_goes_to_the_spill_and_is_booked_later(
    folder: Path,
    end: Callable[[Ledger], Any],
    expected: tuple[str, str, str],
) -> None:
    def act(ledger: Ledger) -> None:
        booked = end(ledger)
        spilled = booked.state is HoldState.HELD
        assert spilled is (ledger.paused is not None)

    def check(ledger: Ledger, restarted: bool) -> None:
        if restarted:
            assert sums(ledger, month("1")) == expected
            assert ledger.paused is None
        elif ledger.paused is not None:
            assert sums(ledger, month("1")) == ("0", "0.5", "0")

    every_statement(
        folder,
        lambda ledger: hold(ledger, "a1", "0.50", budgets=three("1")),
        act,
        check,
    )


def test_of_a_persons_decision(folder: Path) -> None:
    def prepare(ledger: Ledger) -> None:
        hold(ledger, "a1", "0.50")
        ledger.mark_unknown(ending("a1"))

    def act(ledger: Ledger) -> None:
        ledger.resolve("a1", None, note="not billed", who="me")

    def check(ledger: Ledger, restarted: bool) -> None:
        if sums(ledger, month()) == ("0", "0", "0.5"):
            ledger.resolve("a1", None, note="not billed", who="me")
        assert sums(ledger, month()) == ("0", "0", "0")
        with pytest.raises(AlreadyResolvedError):
            ledger.resolve("a1", None, note="not billed", who="me")

    every_statement(folder, prepare, act, check)
