"""What a run burned, against what the price table expects.

Pure: what was read before and after goes in. Tries the surest sign first and says
how fine it is; amounts of one unit are never compared with another's.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from faregate.core.values import dataclass
from faregate.smoke.balance.limit_delta import limit_delta
from faregate.smoke.balance.values import Balance, Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.smoke.balance.spent import Spent
    from faregate.smoke.balance.values import NoBalance

_STEPS = 5
"""Steps of a balance below which a ratio says nothing."""
LEAST_RATIO, MOST_RATIO = Decimal("0.8"), Decimal("1.25")
_ALONE = "true only if nothing else uses this key meanwhile"


class BurnMethod(StrEnum):
    """Where the figure comes from, the surest first."""

    BALANCE = "balance"
    LIMITS = "rate limits"
    REPORTED = "reported"
    ESTIMATE = "estimate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn:
    """What was used up; `amount` and `expected` share `unit`."""

    method: BurnMethod
    amount: Decimal
    unit: str
    """A balance's unit, or "tokens"."""
    expected: Decimal | None = None
    ratio: Decimal | None = None
    """Amount over expected; None where it would say nothing."""
    resolution_note: str = ""
    """How fine the figure is, and why a surer one was not used."""
    before: Decimal | None = None
    after: Decimal | None = None
    window: str = ""

    @property
    def odd(self) -> bool:
        """Tell whether money was burned in a way that the prices do not explain."""
        if self.ratio is None or self.method is BurnMethod.LIMITS:
            return False
        return not LEAST_RATIO <= self.ratio <= MOST_RATIO


def burn_of(
    before: Balance | NoBalance | None,
    after: Balance | NoBalance | None,
    spent: Sequence[Spent],
    *,
    elapsed_s: float,
) -> Burn | None:
    """Return what a run burned; None when nothing was sent or nothing is known.

    `elapsed_s` lies between the first request and the reading of `after`.
    """
    if not spent:
        return None
    notes: list[str] = []
    expected = _expected(spent)
    found = (
        _by_balance(before, after, len(spent), expected, elapsed_s, notes)
        or _by_limits(spent, notes)
        or _by_report(spent, expected)
        or _by_estimate(expected)
    )
    if found is None:
        return None
    return _noted(found, notes)


def _expected(spent: Sequence[Spent]) -> Decimal | None:
    known = [one.expected for one in spent if one.expected is not None]
    return sum(known, Decimal(0)) if known else None


def _by_balance(
    before: Balance | NoBalance | None,
    after: Balance | NoBalance | None,
    requests: int,
    expected: Decimal | None,
    elapsed_s: float,
    notes: list[str],
) -> Burn | None:
    if not isinstance(before, Balance) or not isinstance(after, Balance):
        return None
    if (before.unit, before.window) != (after.unit, after.window):
        notes.append("the balance changed its unit")
        return None
    if elapsed_s < before.stale_s:
        notes.append(f"the balance may be {before.stale_s} s old and was not compared")
        return None
    amount = before.remaining - after.remaining
    if amount < 0:
        notes.append("the balance went up meanwhile")
        return None
    step = max(before.resolution, after.resolution)
    is_plan = before.unit in (Unit.PERCENT, Unit.REQUESTS)
    if not amount and not is_plan:
        notes.append(
            f"burn is below the balance's resolution of {plain(step)} {before.unit}: "
            "--profile costly burns more"
        )
        return None
    against, note = _against(before.unit, requests, expected)
    ratio = _ratio(amount, against)
    if ratio is not None and amount < _STEPS * step and before.unit is Unit.USD:
        ratio = None
        note = f"too few steps of {plain(step)} USD for a ratio"
    notes.extend(text for text in (note, _ALONE) if text)
    return Burn(
        method=BurnMethod.BALANCE,
        amount=amount,
        unit=before.unit,
        expected=against,
        ratio=ratio,
        before=before.remaining,
        after=after.remaining,
        window=before.window,
    )


def _against(
    unit: Unit, requests: int, expected: Decimal | None
) -> tuple[Decimal | None, str]:
    """Return what a balance of this unit should have lost, and a note."""
    match unit:
        case Unit.USD:
            return expected, "" if expected is not None else "no price is known"
        case Unit.CNY:
            return None, "CNY is not converted, and prices are in USD"
        case Unit.REQUESTS:
            return Decimal(requests), ""
        case Unit.PERCENT:
            return None, "a plan shows whole percents"


def _by_limits(spent: Sequence[Spent], notes: list[str]) -> Burn | None:
    # A stated cost is exact where a limit is coarse.
    billed = [one.reported for one in spent if one.tokens]
    if billed and None not in billed:
        return None
    found = limit_delta(spent)
    if found is None:
        return None
    notes.append(
        f"limits count what was asked for and refill: between {found.least} and "
        f"{found.counted} {found.what}"
    )
    expected = None if found.expected is None else Decimal(found.expected)
    amount = Decimal(found.counted)
    return Burn(
        method=BurnMethod.LIMITS,
        amount=amount,
        unit=found.what,
        expected=expected,
        ratio=_ratio(amount, expected),
        before=Decimal(found.first),
        after=Decimal(found.last),
    )


def _by_report(spent: Sequence[Spent], expected: Decimal | None) -> Burn | None:
    stated = [one.reported for one in spent if one.reported is not None]
    if not stated:
        return None
    amount = sum(stated, Decimal(0))
    return Burn(
        method=BurnMethod.REPORTED,
        amount=amount,
        unit=Unit.USD,
        expected=expected,
        ratio=_ratio(amount, expected),
    )


def _by_estimate(expected: Decimal | None) -> Burn | None:
    if expected is None:
        return None
    return Burn(
        method=BurnMethod.ESTIMATE,
        amount=expected,
        unit=Unit.USD,
        expected=expected,
        resolution_note="by the price table alone",
    )


def _ratio(amount: Decimal, expected: Decimal | None) -> Decimal | None:
    if not expected:
        return None
    return (amount / expected).quantize(Decimal("0.01"))


def _noted(burn: Burn, notes: list[str]) -> Burn:
    texts = [text for text in (burn.resolution_note, *notes) if text]
    return replace(burn, resolution_note="; ".join(texts))


def plain(value: Decimal) -> str:
    """Return an amount without an exponent or trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
