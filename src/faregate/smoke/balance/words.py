"""What is left and what was burned, in a few words for a person."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from faregate.core.money import Money
from faregate.smoke.balance.burn import Burn, BurnMethod, plain
from faregate.smoke.balance.values import Balance, Unit

if TYPE_CHECKING:
    from faregate.smoke.balance.values import NoBalance

_HUNDREDTH = Decimal("0.01")


def balance_words(found: Balance | NoBalance) -> str:
    """Return what is left: "$12.30", "12.30 CNY", "5h 88%, week 60%" or why not."""
    if not isinstance(found, Balance):
        return found.why
    parts = [_left(one) for one in (found, *found.others)]
    text = ", ".join(parts)
    return f"{text} (nothing can be spent)" if found.blocked else text


def burn_words(burn: Burn) -> str:
    """Return what was burned, against what was expected."""
    if burn.method is BurnMethod.BALANCE and burn.unit in (Unit.PERCENT, Unit.REQUESTS):
        return f"plan {burn.window}: {_step(burn)}".replace("plan :", "plan:")
    if burn.method is BurnMethod.LIMITS:
        expected = "" if burn.expected is None else f", used {plain(burn.expected)}"
        return f"remaining {_count(burn.before)} → {_count(burn.after)} {burn.unit}{expected}"
    tilde = "~" if burn.method is BurnMethod.ESTIMATE else ""
    text = f"burn {tilde}{_money(burn.amount, burn.unit)} ({burn.method.value})"
    if burn.ratio is not None:
        text += f", {plain(burn.ratio)}x of the expected price"
    return text


def _step(burn: Burn) -> str:
    unit = "%" if burn.unit == Unit.PERCENT else " requests"
    return f"{_count(burn.before)} → {_count(burn.after)}{unit} left"


def _count(value: Decimal | None) -> str:
    return "?" if value is None else plain(value)


def _left(found: Balance) -> str:
    window = f"{found.window} " if found.window else ""
    match found.unit:
        case Unit.PERCENT:
            return f"{window}{plain(found.remaining)}%"
        case Unit.REQUESTS:
            of = "" if found.granted is None else f"/{plain(found.granted)}"
            return f"{window}{plain(found.remaining)}{of} requests"
        case Unit.USD | Unit.CNY:
            return _money(found.remaining, found.unit)


def _money(amount: Decimal, unit: str) -> str:
    if unit == Unit.USD:
        return str(Money.usd(amount))
    shown = amount.quantize(_HUNDREDTH) if abs(amount) >= _HUNDREDTH else amount
    return f"{shown:f} {unit}"
