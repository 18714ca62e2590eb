"""Price rows and models as cells and JSON, in USD per million tokens. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from faregate.cli import figures
from faregate.core.money import Money
from faregate.core.pricing import ONE, PICO_PER_TOKEN

if TYPE_CHECKING:
    from faregate.core.pricing import PriceRow, Rates, Ratio, Window
    from faregate.tariff import Offer

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def per_mtok(rate: int) -> str:
    """Return a rate in pico-USD a token as USD per million tokens: "3", "0.075"."""
    text = f"{Decimal(rate) / PICO_PER_TOKEN:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def offer_document(offer: Offer) -> dict[str, Any]:
    """Return a model with its price for a script."""
    row = offer.row
    return {
        "target": str(offer.target),
        "provider": offer.target.provider,
        "model": offer.target.model,
        "context": offer.facts.context,
        "max_output": offer.facts.max_output,
        "price": None if row is None else price_document(row),
    }


def price_document(row: PriceRow) -> dict[str, Any]:
    """Return a price row for a script; prices are decimal text, USD per million."""
    fee = row.fee_per_server_tool_call
    return {
        **_rates(row.base),
        "tiers": [
            {"above_input": tier.above_input, **_rates(tier.rates)}
            for tier in row.tiers
        ],
        "windows": [_window(window) for window in row.windows],
        "server_tool_call": Money(fee).exact() if fee else None,
        "hold_margin": None if row.hold_margin == ONE else _ratio(row.hold_margin),
        "service": row.service or None,
        "source": row.source,
        "since": None if row.since is None else row.since.isoformat(),
    }


def price_cells(offer: Offer) -> tuple[str, ...]:
    """Return model, prices and where they are from."""
    row = offer.row
    if row is None:
        return (str(offer.target), *["-"] * 5, "no price is known", "")
    base = row.base
    more = [f"dearer above {tier.above_input} in" for tier in row.tiers]
    more += [f"x{_ratio(w.multiplier)} {_when(w)}" for w in row.windows]
    if row.fee_per_server_tool_call:
        more.append(f"{Money(row.fee_per_server_tool_call)} a server tool call")
    since = "" if row.since is None else f" since {row.since.isoformat()}"
    return (
        str(offer.target),
        *(
            per_mtok(rate)
            for rate in (
                base.input,
                base.cache_read,
                base.cache_write_5m,
                base.cache_write_1h,
                base.output,
            )
        ),
        row.source + since,
        ", ".join(more),
    )


def size(tokens: int | None) -> str:
    """Return a number of tokens, a dash where it is not known."""
    return "-" if tokens is None else figures.count(tokens)


def _rates(rates: Rates) -> dict[str, str]:
    return {
        "input": per_mtok(rates.input),
        "cached_input": per_mtok(rates.cache_read),
        "cache_write": per_mtok(rates.cache_write_5m),
        "cache_write_1h": per_mtok(rates.cache_write_1h),
        "output": per_mtok(rates.output),
    }


def _window(window: Window) -> dict[str, Any]:
    return {
        "days": [_DAYS[day] for day in sorted(window.days)],
        "start": _clock(window.start_minute),
        "end": _clock(window.end_minute),
        "multiplier": _ratio(window.multiplier),
    }


def _when(window: Window) -> str:
    days = (
        "daily"
        if len(window.days) == len(_DAYS)
        else ",".join(_DAYS[day] for day in sorted(window.days))
    )
    return f"{days} {_clock(window.start_minute)}-{_clock(window.end_minute)} UTC"


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _ratio(ratio: Ratio) -> str:
    return f"{(Decimal(ratio[0]) / ratio[1]).normalize():f}"
