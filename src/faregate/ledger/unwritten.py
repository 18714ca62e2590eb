"""What is decided and not yet written: holds, and usual settlements of others.

Owns the statements that write many of each. Memory says already what they change, and
is right at once; whoever reads the file from outside may be this far behind. It decides
nothing: when it is written, and what a failure means, is said elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faregate.ledger.booking_statements import SPEND_WINDOW
from faregate.ledger.usual_settlement import (
    ATTEMPT,
    SESSION,
    add,
    of_attempt,
    of_session,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from faregate.core.holds import HoldRequest, Settlement
    from faregate.ledger.open_hold import OpenHold

HOLD = (
    "INSERT INTO attempt(id,attempt,request,session,labels,windows,provider,model,"
    "protocol,at_ms,amount,input_bound,output_bound,first_attempt,client_retry,"
    "tokenless,placed,oldest,route,cause)VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
Values = tuple[Any, ...]


Placed = tuple["HoldRequest", Values, int]
"""A hold that was placed, the values of its row, and the sum of all holds with it."""


class UnwrittenEnds:
    """Usual settlements of holds that are written."""

    __slots__ = ("ended", "freed", "oldest")

    def __init__(self) -> None:
        """Begin with none."""
        self.ended: list[tuple[Settlement, OpenHold]] = []
        self.freed = 0
        """By how much the file's sums may be above those in memory; pico-USD."""
        self.oldest = 0
        """The id of the oldest of their holds, which are held in the file."""

    def add(self, settlement: Settlement, hold: OpenHold) -> None:
        """Add the settlement of a hold."""
        ended = self.ended
        if not ended or hold.id < self.oldest:
            self.oldest = hold.id
        self.freed += hold.amount - settlement.cost.pico
        ended.append((settlement, hold))

    def write(self, run: Callable[[str, Iterable[Sequence[Any]]], object]) -> int:
        """Run the statements, each over many rows; return how many rows must change."""
        ended = self.ended
        run(ATTEMPT, [of_attempt(settlement, hold) for settlement, hold in ended])
        sessions: dict[int, list[Any]] = {}
        spent: dict[int, int] = {}
        for settlement, hold in ended:
            sums = sessions.get(hold.session)
            if sums is None:
                sessions[hold.session] = of_session(settlement, hold)
            else:
                add(sums, settlement)
            cost = settlement.cost.pico
            if cost:
                for window in hold.windows:
                    spent[window] = spent.get(window, 0) + cost
        run(SESSION, sessions.values())
        if spent:
            run(SPEND_WINDOW, [(cost, window) for window, cost in spent.items()])
        return len(ended) + len(sessions) + len(spent)
