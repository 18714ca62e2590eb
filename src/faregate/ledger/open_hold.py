"""One open hold, as this process remembers it.

Owns how it is read back from its row; makes and ends none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.ledger.counting_back import counting
from faregate.protocols.lean_struct import LeanRecord

if TYPE_CHECKING:
    import apsw


class OpenHold(LeanRecord):
    """One open hold as this process remembers it; amounts in pico-USD."""

    id: int
    amount: int
    windows: tuple[int, ...]
    session: int
    first: bool
    """Not our own retry or fallback."""
    client_retry: bool
    """The first attempt of a request that its client sent again."""


def read_hold(
    connection: apsw.Connection,
    row_id: int,
    amount: int,
    windows: str,
    session: int,
    *,
    first: int,
    again: int,
) -> OpenHold:
    """Return the hold of an attempt's row, with all windows that count it.

    `first` and `again` are its columns `first_attempt` and `client_retry`.
    """
    counted = counting(connection, row_id, windows)
    retry = bool(first and again)
    return OpenHold(row_id, amount, counted, session, bool(first), retry)
