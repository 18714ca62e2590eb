"""Prices and what usage costs under them, in exact integers.

Owns the price row and the cost of a finished attempt. Reads no file and no clock: a
row and an instant are arguments. Whatever is charged by `cost_of` is at most what
`dearest.worst_case` held for the same bounds.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from faregate.core.lean import lean
from faregate.core.money import PICO_PER_USD, ZERO, Money
from faregate.core.usage import Usage, UsageSource
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

PICO_PER_TOKEN = 10**6
"""Pico-USD per token that make one USD per million tokens."""
DEAREST_USD_PER_MTOK = Decimal(10_000)
CHEAPEST_USD_PER_MTOK = Decimal("0.0001")
MINUTES_A_DAY = 24 * 60

Ratio = tuple[int, int]
"""A positive factor as (numerator, denominator)."""
ONE: Ratio = (1, 1)


class CacheWrite(StrEnum):
    """Which prompt-cache writes a request can cause."""

    NONE = "none"
    FIVE_MINUTES = "five_minutes"
    ONE_HOUR = "one_hour"
    """One-hour writes, and five-minute ones beside them."""
    UNKNOWN = "unknown"


class CostSource(StrEnum):
    """Where a cost came from."""

    REPORTED = "reported"
    TABLE = "table"
    CONFIG = "config"
    ESTIMATED = "estimated"
    FREE = "free"
    SUBSCRIPTION = "subscription"
    UNPRICED = "unpriced"


def price_per_token(usd_per_mtok: Decimal) -> int:
    """Return USD per million tokens as pico-USD per token, rounded up.

    Raises ValueError for what no price can be: NaN, below zero, or off by the
    factor of a million that per-token and per-million figures differ by.
    """
    if not usd_per_mtok.is_finite() or usd_per_mtok < 0:
        raise ValueError(f"{usd_per_mtok} is not a price")
    if usd_per_mtok >= DEAREST_USD_PER_MTOK:
        raise ValueError(
            f"{usd_per_mtok} USD per million tokens is beyond any price; "
            "prices are in USD per million tokens"
        )
    if 0 < usd_per_mtok < CHEAPEST_USD_PER_MTOK:
        raise ValueError(
            f"{usd_per_mtok} USD per million tokens looks like a price per token; "
            "prices are in USD per million tokens"
        )
    return int((usd_per_mtok * PICO_PER_TOKEN).to_integral_value(ROUND_CEILING))


def per_call(usd_per_thousand: Decimal) -> int:
    """Return USD per 1,000 calls as pico-USD per call, rounded up."""
    pico = usd_per_thousand * PICO_PER_USD / 1000
    return int(pico.to_integral_value(ROUND_CEILING))


def scaled(rate: int, factor: Ratio) -> int:
    """Return `rate` times `factor`, rounded up to a whole pico-USD."""
    return -(-rate * factor[0] // factor[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Prices in pico-USD per token, one for each disjoint counter of `Usage`."""

    input: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    output: int

    @classmethod
    def per_mtok(
        cls,
        *,
        input: Decimal,
        output: Decimal,
        cache_read: Decimal | None = None,
        cache_write_5m: Decimal | None = None,
        cache_write_1h: Decimal | None = None,
    ) -> Rates:
        """Read prices in USD per million tokens; a missing one takes the safe value.

        Missing: a cache read costs what input costs; a 5-minute write costs what
        input costs; where writes are dearer than input, a 1-hour write costs twice
        the input price. Raises ValueError for what no price can be.
        """
        write_5m = input if cache_write_5m is None else cache_write_5m
        if cache_write_1h is not None:
            write_1h = cache_write_1h
        elif write_5m > input:
            write_1h = max(write_5m, 2 * input)
        else:
            write_1h = max(write_5m, input)
        return cls(
            input=price_per_token(input),
            cache_read=price_per_token(input if cache_read is None else cache_read),
            cache_write_5m=price_per_token(write_5m),
            cache_write_1h=price_per_token(write_1h),
            output=price_per_token(output),
        )

    def times(self, factor: Ratio) -> Rates:
        """Return every rate times `factor`, each rounded up."""
        if factor == ONE:
            return self
        return Rates(
            input=scaled(self.input, factor),
            cache_read=scaled(self.cache_read, factor),
            cache_write_5m=scaled(self.cache_write_5m, factor),
            cache_write_1h=scaled(self.cache_write_1h, factor),
            output=scaled(self.output, factor),
        )

    def dearer(self, other: Rates) -> Rates:
        """Return the dearer of both for every counter."""
        return Rates(
            input=max(self.input, other.input),
            cache_read=max(self.cache_read, other.cache_read),
            cache_write_5m=max(self.cache_write_5m, other.cache_write_5m),
            cache_write_1h=max(self.cache_write_1h, other.cache_write_1h),
            output=max(self.output, other.output),
        )

    def dearest_input(self, cache_write: CacheWrite) -> int:
        """Return the most that one input token can cost."""
        if cache_write is CacheWrite.NONE:
            return max(self.input, self.cache_read)
        if cache_write is CacheWrite.FIVE_MINUTES:
            return max(self.input, self.cache_read, self.cache_write_5m)
        return max(
            self.input, self.cache_read, self.cache_write_5m, self.cache_write_1h
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Rates of the whole request once it has more than `above_input` input tokens.

    A price list that says "from 200,000" is written as `above_input=199_999`.
    """

    above_input: int
    rates: Rates


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A weekly stretch of UTC time in which all token prices are multiplied.

    `days` counts from 0 for Monday; minutes of the day are half-open. A stretch
    over midnight is two windows. Of overlapping windows the first one counts.
    """

    days: frozenset[int]
    start_minute: int
    end_minute: int
    multiplier: Ratio

    def __post_init__(self) -> None:
        """Refuse a window that no instant or no price can satisfy."""
        if not self.days or not self.days <= frozenset(range(7)):
            raise ValueError("a price window needs weekdays 0 to 6")
        if not 0 <= self.start_minute < self.end_minute <= MINUTES_A_DAY:
            raise ValueError("a price window starts before it ends, within one day")
        if self.multiplier[0] <= 0 or self.multiplier[1] <= 0:
            raise ValueError("a price multiplier is above zero")

    def contains(self, at: datetime) -> bool:
        """Return whether the aware instant `at` lies in the window."""
        utc = at.astimezone(UTC)
        minute = utc.hour * 60 + utc.minute
        in_day = self.start_minute <= minute < self.end_minute
        return in_day and utc.weekday() in self.days


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRow:
    """What one model costs at one provider from `since` on.

    `source` says where the row is from: "bundled 2026-11-20", "config", "free",
    "subscription". `service` names the service class that the row prices, "" for the
    usual one. `fee_per_server_tool_call` is in pico-USD. With `writes_cache` the
    provider caches prompts without being asked and bills the write. `hold_margin`
    is at least one and sizes holds only: the bill may pass the row by that factor,
    where the provider picks among dearer vendors or bills another currency.
    """

    provider: str
    model: str
    service: str = ""
    base: Rates
    tiers: tuple[Tier, ...] = ()
    windows: tuple[Window, ...] = ()
    since: date | None = None
    source: str
    fee_per_server_tool_call: int = 0
    fee_is_stated: bool = False
    """A person names the fee, so that it holds for every tool of the provider."""
    writes_cache: bool = False
    hold_margin: Ratio = ONE
    audio: Rates | None = None
    """Prices of tokens of sound, where they are known and differ."""

    def rates_for(self, input_tokens: int) -> Rates:
        """Return the rates of a request with that many input tokens."""
        rates, reached = self.base, -1
        for tier in self.tiers:
            if reached < tier.above_input < input_tokens:
                rates, reached = tier.rates, tier.above_input
        return rates

    def times(self, factor: Ratio) -> PriceRow:
        """Return the row with every token price times `factor`, each rounded up."""
        tiers = tuple(replace(t, rates=t.rates.times(factor)) for t in self.tiers)
        audio = None if self.audio is None else self.audio.times(factor)
        return replace(self, base=self.base.times(factor), tiers=tiers, audio=audio)

    def multiplier_at(self, at: datetime) -> Ratio:
        """Return the time-of-week factor at an aware instant."""
        for window in self.windows:
            if window.contains(at):
                return window.multiplier
        return ONE


@lean
@dataclass(frozen=True, slots=True)
class CostLine:
    """One line of a bill; `rate` is in pico-USD a unit."""

    what: str
    count: int
    rate: int
    amount: Money


Item = tuple[str, int, int]
"""What was billed, how many, and at what rate in pico-USD."""


@lean
@dataclass(frozen=True, slots=True)
class Cost:
    """What an attempt cost; the items add up to the amount."""

    amount: Money
    source: CostSource
    items: Sequence[Item] = ()
    row: PriceRow | None = None

    @property
    def lines(self) -> tuple[CostLine, ...]:
        """Return the bill line by line."""
        return tuple(
            CostLine(what, count, rate, Money(rate * count))
            for what, count, rate in self.items
        )


_NO_RATES = Rates(input=0, cache_read=0, cache_write_5m=0, cache_write_1h=0, output=0)
_UNBILLED = {"free": CostSource.FREE, "subscription": CostSource.SUBSCRIPTION}


def zero_row(provider: str, model: str, source: str) -> PriceRow:
    """Return the row of a model that bills no money: "free" or "subscription"."""
    if source not in _UNBILLED:
        raise ValueError(f"{source!r} is not a way of not being billed")
    return PriceRow(provider=provider, model=model, base=_NO_RATES, source=source)


def cost_of(
    usage: Usage, row: PriceRow | None, at: datetime | None, *, multiplier: Ratio = ONE
) -> Cost:
    """Return what `usage` cost for a request that started at the aware instant `at`.

    The instant may be None for a row whose prices are the same all week.
    A cost that the provider reported goes first, except where nothing is billed.
    `multiplier` is the service class or region that the answer named. Without a row
    and without a reported cost the source is `unpriced` and the amount zero.
    """
    if at is not None and at.tzinfo is None:
        raise ValueError("a price needs an instant with a time zone")
    reported = usage.reported_cost
    billed = row is None or row.source not in _UNBILLED
    if billed and reported is not None and reported >= ZERO:
        item = ("reported by the provider", 1, reported.pico)
        return Cost(reported, CostSource.REPORTED, (item,), row)
    if row is None:
        return Cost(ZERO, CostSource.UNPRICED)
    rates = row.base
    if row.tiers:
        rates = row.rates_for(usage.input_tokens)
    if row.windows:
        if at is None:
            raise ValueError("a price that changes in the week needs an instant")
        rates = rates.times(row.multiplier_at(at))
    if multiplier != ONE:
        rates = rates.times(multiplier)
    items = _items(usage, rates, row.fee_per_server_tool_call)
    amount = 0
    for _, count, rate in items:
        amount += count * rate
    return Cost(Money(amount), _source_of(usage, row), items, row)


def _source_of(usage: Usage, row: PriceRow) -> CostSource:
    if row.source in _UNBILLED:
        return _UNBILLED[row.source]
    if usage.source is not UsageSource.REPORTED:
        return CostSource.ESTIMATED
    return CostSource.CONFIG if row.source == "config" else CostSource.TABLE


def _items(usage: Usage, rates: Rates, fee: int) -> list[Item]:
    items: list[Item] = []
    if count := usage.uncached_input:
        items.append(("uncached input", count, rates.input))
    if count := usage.cache_read:
        items.append(("cache read", count, rates.cache_read))
    if count := usage.cache_write_5m:
        items.append(("cache write 5m", count, rates.cache_write_5m))
    if count := usage.cache_write_1h:
        items.append(("cache write 1h", count, rates.cache_write_1h))
    if count := usage.output:
        items.append(("output", count, rates.output))
    if count := usage.server_tool_calls:
        items.append(("server tool calls", count, fee))
    return items
