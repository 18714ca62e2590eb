"""Gathers what all sources say of one model name, and what a person decided."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
from price_quotes import LITELLM, Quote, matches, proportional

from faregate.providers.price_records import PriceRecord
from faregate.providers.price_table import undated

if TYPE_CHECKING:
    from collections.abc import Iterable

Name = tuple[str, str]
"""Provider and case-folded model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What a person decided, as read from the hand-written file."""

    drop: list[str] = field(default_factory=list)
    free: list[str] = field(default_factory=list)
    writes_cache: list[str] = field(default_factory=list)
    inclusive_tiers: list[str] = field(default_factory=list)
    slash_names: list[str] = field(default_factory=list)
    margins: dict[str, str] = field(default_factory=dict)
    tool_fees: dict[str, str] = field(default_factory=dict)
    sound_as_text: list[str] = field(default_factory=list)
    rows: list[PriceRecord] = field(default_factory=list)

    @classmethod
    def from_toml(cls, document: dict[str, Any]) -> Decisions:
        """Read the parsed file; raises for what no row can be."""
        rows = []
        for table in document.pop("rows", []):
            for model in table.pop("models"):
                row = msgspec.convert(
                    {**table, "model": model, "by": "hand"}, PriceRecord
                )
                row.row("hand")
                rows.append(row)
        return cls(**document, rows=rows)


@dataclass(slots=True)
class Family:
    """All quotes of one model name, by service class and source."""

    provider: str
    model: str
    canonical: str
    """The name under which a source groups several names."""
    quotes: dict[str, dict[str, list[Quote]]] = field(default_factory=dict)


def families_of(
    quotes: Iterable[Quote], decisions: Decisions, *, today: date
) -> dict[Name, Family]:
    """Return the quotes of all text models that are served, by model name."""
    families: dict[Name, Family] = {}
    for quote in _wanted(quotes):
        for model in (quote.model, *quote.aliases):
            if _dropped(quote.provider, model, decisions):
                continue
            name = quote.provider, model.casefold()
            family = families.setdefault(
                name,
                Family(provider=quote.provider, model=model, canonical=quote.model),
            )
            if quote.source == LITELLM:
                family.model = model
            by_source = family.quotes.setdefault(quote.service, {})
            by_source.setdefault(quote.source, []).append(quote)
    for (provider, model), family in families.items():
        stem = families.get((provider, undated(model) or ""))
        if stem is not None:
            _inherit(family, stem)
    for family in families.values():
        _announce(family, today)
    return families


def _wanted(quotes: Iterable[Quote]) -> list[Quote]:
    """Return the quotes of text models that somebody still serves.

    A retired dated name stays while its undated name is served: it may be dearer,
    and without a row of its own it would be billed as the undated one.
    """
    listed = [quote for quote in quotes if quote.text]
    served = {_name(q) for q in listed if q.source == LITELLM and not q.gone}
    retired = {_name(q) for q in listed if q.gone} - served
    return [
        quote
        for quote in listed
        if _name(quote) not in retired
        or (quote.provider, undated(quote.model.casefold())) in served
    ]


def _name(quote: Quote) -> Name:
    return quote.provider, quote.model.casefold()


def _inherit(family: Family, stem: Family) -> None:
    """Let a source that lists only the undated name speak for the dated one."""
    told = {source for by_source in family.quotes.values() for source in by_source}
    for service, by_source in stem.quotes.items():
        for source, quotes in by_source.items():
            if source not in told:
                family.quotes.setdefault(service, {})[source] = quotes


def _announce(family: Family, today: date) -> None:
    """Carry an announced price over to the service classes that no source announces."""
    usual = [q for quotes in family.quotes.get("", {}).values() for q in quotes]
    now = in_force(usual, today)
    for service, by_source in family.quotes.items():
        if not service or now is None:
            continue
        for quotes in by_source.values():
            told = {quote.since for quote in quotes}
            held = in_force(quotes, today)
            quotes += [
                replace(
                    held,
                    since=quote.since,
                    base=proportional(quote.base, held.base, now.base),
                )
                for quote in usual
                if held and is_later(quote, today) and quote.since not in told
            ]


def in_force(quotes: list[Quote], today: date) -> Quote | None:
    """Return the newest quote that has begun."""
    begun = [quote for quote in quotes if not is_later(quote, today)]
    return max(begun, key=lambda quote: quote.since or date.min, default=None)


def is_later(quote: Quote, today: date) -> bool:
    """Tell whether a quote is announced and has not begun."""
    return quote.since is not None and quote.since > today


def _dropped(provider: str, model: str, decisions: Decisions) -> bool:
    if "/" not in model and provider in decisions.slash_names:
        return True
    return matches(decisions.drop, provider, model)
