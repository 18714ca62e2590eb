"""The bundled price file: its records and how they become price rows.

Owns the file's format. Prices are decimal strings in USD per million tokens, so
that a person can check a line against a price page; they become integers here.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import msgspec

from faregate.core.model_facts import ModelFacts
from faregate.core.pricing import PriceRow, Rates, Tier, Window, per_call

PRICES_FILE = "prices.json"
"""Name of the bundled table beside this module; whoever loads it reads the file."""
SCHEMA = 1

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class PriceFileError(ValueError):
    """The price file cannot be used; the message says where and why."""


class RatesRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """Prices of one tier; None means that no source names the price."""

    input: str = msgspec.field(name="in")
    output: str = msgspec.field(name="out")
    cache_read: str | None = msgspec.field(name="read", default=None)
    cache_write_5m: str | None = msgspec.field(name="write", default=None)
    cache_write_1h: str | None = msgspec.field(name="write_1h", default=None)

    def rates(self) -> Rates:
        """Return the prices as integers, missing ones at their safe value."""
        return Rates.per_mtok(
            input=Decimal(self.input),
            output=Decimal(self.output),
            cache_read=_decimal(self.cache_read),
            cache_write_5m=_decimal(self.cache_write_5m),
            cache_write_1h=_decimal(self.cache_write_1h),
        )


class TierRecord(RatesRecord, frozen=True, omit_defaults=True, kw_only=True):
    """Prices of the whole request above a number of input tokens."""

    above: int


class WindowRecord(msgspec.Struct, frozen=True):
    """A weekly stretch of UTC time and its factor: "mon-fri", "01:00-04:00", "2"."""

    days: str
    utc: str
    times: str

    def window(self) -> Window:
        """Return the stretch as numbers; raises ValueError when it is none."""
        start, end = self.utc.split("-")
        factor = Fraction(self.times)
        return Window(
            days=parse_days(self.days),
            start_minute=_minute(start),
            end_minute=_minute(end),
            multiplier=(factor.numerator, factor.denominator),
        )


class PriceRecord(RatesRecord, frozen=True, omit_defaults=True, kw_only=True):
    """One line of the file: a model's prices from a date on, and its facts."""

    provider: str
    model: str
    service: str = ""
    since: date | None = None
    tiers: tuple[TierRecord, ...] = ()
    windows: tuple[WindowRecord, ...] = ()
    tool_fee: str | None = None
    """USD per 1,000 calls of a server tool."""
    audio_in: str | None = None
    """Prices of sound; None where no source names one."""
    audio_read: str | None = None
    audio_out: str | None = None
    writes: bool = False
    """The provider writes its cache unasked and bills it."""
    margin: str | None = None
    """Factor by which a bill may pass the prices; sizes holds only."""
    context: int | None = None
    max_output: int | None = msgspec.field(name="max_out", default=None)
    output_field: str | None = msgspec.field(name="field", default=None)
    aliases: tuple[str, ...] = ()
    by: str = ""
    """Which sources say so."""

    def row(self, source: str) -> PriceRow:
        """Return the record as a price row; raises PriceFileError when it is none."""
        try:
            margin = Fraction(self.margin or 1)
            return PriceRow(
                provider=self.provider,
                model=self.model,
                service=self.service,
                base=self.rates(),
                tiers=tuple(
                    Tier(above_input=tier.above, rates=tier.rates())
                    for tier in self.tiers
                ),
                windows=tuple(window.window() for window in self.windows),
                since=self.since,
                source=source,
                fee_per_server_tool_call=per_call(Decimal(self.tool_fee or 0)),
                audio=self._sound(),
                writes_cache=self.writes,
                hold_margin=(margin.numerator, margin.denominator),
            )
        except (ArithmeticError, ValueError) as error:
            raise PriceFileError(f"{self.provider}/{self.model}: {error}") from error

    def _sound(self) -> Rates | None:
        """Return the prices of sound; what is not named costs what text does."""
        if self.audio_in is None and self.audio_out is None:
            return None
        same = self.audio_in in {None, self.input}
        return Rates.per_mtok(
            input=Decimal(self.audio_in or self.input),
            output=Decimal(self.audio_out or self.output),
            cache_read=_decimal(self.audio_read or (self.cache_read if same else None)),
        )

    def facts(self) -> ModelFacts:
        """Return what the record knows of the model beside its price."""
        return ModelFacts(
            context=self.context,
            max_output=self.max_output,
            output_field=self.output_field,
        )


class PriceFile(msgspec.Struct, frozen=True):
    """The whole file."""

    schema: int
    generated: date
    sources: dict[str, str]
    rows: tuple[PriceRecord, ...]


_DECODER = msgspec.json.Decoder(PriceFile)


def decode(data: bytes | str) -> PriceFile:
    """Read the file's bytes; raises PriceFileError for what cannot be used."""
    try:
        file = _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise PriceFileError(f"the price table cannot be read: {error}") from error
    if file.schema != SCHEMA:
        raise PriceFileError(
            f"the price table has schema {file.schema}, this version reads {SCHEMA}"
        )
    return file


def parse_days(text: str) -> frozenset[int]:
    """Read weekdays as "mon-fri", "sat" or "mon,wed,fri"; raises ValueError."""
    days: set[int] = set()
    for part in text.lower().replace(" ", "").split(","):
        first, _, last = part.partition("-")
        start, end = _DAYS.index(first), _DAYS.index(last or first)
        if end < start:
            raise ValueError(f"{part!r} runs backwards; write it as two parts")
        days.update(range(start, end + 1))
    return frozenset(days)


def _minute(text: str) -> int:
    hours, minutes = text.strip().split(":")
    return int(hours) * 60 + int(minutes)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
