"""Money as an integer number of pico-USD (1e-12 USD).

Owns rounding and text forms. `Decimal` is used only to read and to print.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal, InvalidOperation

from faregate.core.lean import lean
from faregate.core.values import dataclass

PICO_PER_USD = 10**12
MAX_PICO = 2**63 - 1


@lean
@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in pico-USD; may be negative in a difference."""

    pico: int = 0

    @classmethod
    def usd(cls, amount: Decimal | int | str) -> Money:
        """Read an amount in USD, rounded up to the next pico-USD.

        Raises ValueError for NaN, infinity, text that is no number, and amounts
        beyond what a 64-bit ledger cell can hold.
        """
        try:
            value = Decimal(amount)
        except InvalidOperation as error:
            raise ValueError(f"{amount!r} is not an amount in USD") from error
        if not value.is_finite():
            raise ValueError(f"{amount!r} is not a finite amount in USD")
        if abs(value) * PICO_PER_USD > MAX_PICO:
            raise ValueError(f"{amount!r} USD is beyond what the ledger can hold")
        return cls(
            int((value * PICO_PER_USD).to_integral_value(rounding=ROUND_CEILING))
        )

    def __add__(self, other: Money) -> Money:
        return Money(self.pico + other.pico)

    def __sub__(self, other: Money) -> Money:
        return Money(self.pico - other.pico)

    def __mul__(self, count: int) -> Money:
        return Money(self.pico * count)

    def __neg__(self) -> Money:
        return Money(-self.pico)

    def __bool__(self) -> bool:
        return self.pico != 0

    def decimal(self) -> Decimal:
        """Return the exact amount in USD."""
        return Decimal(self.pico).scaleb(-12)

    def exact(self) -> str:
        """Return the exact USD amount as a plain decimal string: "0.41", "20"."""
        text = f"{self.decimal():f}"
        return text.rstrip("0").rstrip(".") if "." in text else text

    def __str__(self) -> str:
        """Return the amount for a person: "$1.92", more digits below one cent."""
        value = self.decimal()
        digits = 2 if value == 0 or abs(value) >= Decimal("0.01") else 4
        if 0 < abs(value) < Decimal("0.0001"):
            return f"{'-' if value < 0 else ''}${Money(abs(self.pico)).exact()}"
        sign = "-" if value < 0 else ""
        return f"{sign}${abs(value):,.{digits}f}"


ZERO = Money(0)
