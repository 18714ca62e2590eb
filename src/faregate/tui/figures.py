"""Figures as a person reads them: money, counts, times.

Pure text, no colour. What is not known is a dash, never a zero.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from faregate.core.money import PICO_PER_USD, Money

if TYPE_CHECKING:
    from collections.abc import Iterable

NOT_KNOWN = "-"

_CENT = Money.usd("0.01")
_FINEST = Money.usd("0.0001")
_STEPS = ((10**9, "B"), (10**6, "M"), (10**3, "k"))


_PLACES = len(str(PICO_PER_USD)) - 1
_SHORT = 18 - _PLACES


@lru_cache(maxsize=4096)
def money(amount: str) -> Money:
    """Read a decimal string of the control API; what is no amount counts as zero."""
    whole, _, part = amount.partition(".")
    if (
        len(whole) <= _SHORT
        and len(part) <= _PLACES
        and (whole + part).isdecimal()
        and amount.isascii()
    ):
        # Nearly every amount is plain digits, and every session has one.
        return Money(int(whole + part.ljust(_PLACES, "0")))
    try:
        return Money.usd(amount)
    except ValueError:
        return Money()


def below_a_cent(amount: Money) -> bool:
    """Whether two decimals would show this amount as nothing."""
    return 0 < abs(amount.pico) < _CENT.pico


def dollars(amount: Money) -> str:
    """Return "$1,234.56"; four decimals below one cent."""
    return str(amount)


def room(amount: Money) -> str:
    """Return what is left, never more than there is: whole cents, "<$0.01" below."""
    if below_a_cent(amount):
        return f"<{_CENT}"
    return dollars(Money(amount.pico - amount.pico % _CENT.pico))


def bare(amount: Money, *, fine: bool = False) -> str:
    """Return "8.42" for a column, "8.4200" in a `fine` one.

    A column has one number of decimals, so that its points stay under each other: four
    where `fine_column` finds an amount below a cent in it, else two.
    """
    if not fine:
        return str(amount).replace("$", "")
    if 0 < amount.pico < _FINEST.pico:
        return f"<{_FINEST.decimal():.4f}"
    return f"{amount.decimal():,.4f}"


def fine_column(amounts: Iterable[str]) -> bool:
    """Whether a column of these amounts needs four decimals to show each."""
    cent = _CENT.pico
    return any(0 < abs(money(each).pico) < cent for each in amounts)


def count(number: int) -> str:
    """Return at most five characters: "940", "38.2k", "842k", "1.21M"."""
    if number < 1000:
        return str(number)
    for step, letter in _STEPS:
        if number >= step or number * 1000 >= step * 999.5:
            value = number / step
            digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
            return f"{value:.{1 if letter == 'k' and digits else digits}f}{letter}"
    return str(number)


def percent(part: int, whole: int) -> str:
    """Return "71%"; a dash where there is nothing to compare with."""
    if whole <= 0:
        return NOT_KNOWN
    return f"{min(part, whole) * 100 // whole}%"


def size(octets: int) -> str:
    """Return "612 B", "4.1 kB", "1.2 MB"."""
    if octets < 1000:
        return f"{octets} B"
    if octets < 999_950:
        return f"{octets / 1000:.1f} kB"
    return f"{octets / 1_000_000:.1f} MB"


def duration(seconds: float) -> str:
    """Return "0.4s", "14s", "2m10s", "3h12m", "5d4h"."""
    seconds = max(seconds, 0.0)
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    for step, big, small, letters in (
        (3600, 60, 1, "ms"),
        (86400, 3600, 60, "hm"),
        (10**9, 86400, 3600, "dh"),
    ):
        if whole < step:
            rest = whole % big // small
            return f"{whole // big}{letters[0]}{rest:02d}{letters[1]}"
    return f"{whole // 86400}d"


def elapsed(seconds: float) -> str:
    """Return whole seconds, for clocks that tick: "3s", "2m10s"."""
    whole = max(int(seconds), 0)
    return f"{whole}s" if whole < 60 else duration(whole)


def milliseconds(value: float | None) -> str:
    """Return "412ms" or "2.9s"; a dash for None."""
    if value is None:
        return NOT_KNOWN
    return f"{value:.0f}ms" if value < 999.5 else f"{value / 1000:.1f}s"


@lru_cache(maxsize=4096)
def instant(text: str) -> datetime | None:
    """Read an RFC 3339 instant; None when it is none or has no time zone."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if read.tzinfo is None else read
