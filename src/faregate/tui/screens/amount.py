"""One question to the person, answered by an amount of money that is typed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from faregate.core.money import Money
from faregate.tui.screens.typed import TypedScreen

if TYPE_CHECKING:
    from faregate.tui.view import View


class AmountScreen(TypedScreen):
    """Closes with the typed amount in USD as exact decimal text, None for escape.

    With `word` that word is an answer too, such as "none" for no limit at all.
    """

    def __init__(self, view: View, question: str, *, word: str = "") -> None:
        read = partial(read_amount, word=word)
        super().__init__(view, question, read, placeholder="USD")


def read_amount(typed: str, *, word: str = "") -> str:
    """Return exact decimal text, or the word; raises ValueError for a person."""
    if word and typed.casefold() == word:
        return word
    try:
        amount = Money.usd(typed.removeprefix("$").replace(",", ""))
    except ValueError:
        raise ValueError(f"{typed!r} is no amount in USD, such as 25 or 0.50") from None
    if amount < Money():
        raise ValueError("an amount cannot be below zero")
    return amount.exact()
