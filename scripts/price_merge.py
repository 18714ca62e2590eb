"""Merges the quotes of all sources into the rows of one price table.

Where two sources disagree, the dearer price of each counter is kept and the row is
listed for a person, unless a hand-written row decides. Nothing is ever guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
from price_families import Decisions, Family, Name, families_of, in_force, is_later
from price_quotes import GENAI, LITELLM, Prices, Quote, matches, prices

from faregate.providers.price_records import (
    PriceFileError,
    PriceRecord,
    TierRecord,
)
from faregate.providers.price_table import undated

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

LETTERS = {GENAI: "G", LITELLM: "L"}
COUNTERS = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")


@dataclass(slots=True)
class Findings:
    """What a person should look at after a run."""

    disagreements: list[str] = field(default_factory=list)
    decided: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def merge(
    quotes: Iterable[Quote], decisions: Decisions, *, today: date
) -> tuple[list[PriceRecord], Findings]:
    """Return the rows in force and those already announced, and the findings."""
    findings = Findings()
    families = families_of(quotes, decisions, today=today)
    merged: dict[Name, list[PriceRecord]] = {}
    for name, family in families.items():
        records = list(_records(family, decisions, findings, today))
        if any(not record.service for record in records):
            merged[name] = records
    for row in decisions.rows:
        _decide(merged, row, findings)
    return _compressed(merged, families), findings


def _records(
    family: Family, decisions: Decisions, findings: Findings, today: date
) -> Iterable[PriceRecord]:
    for service, by_source in sorted(family.quotes.items()):
        current = [
            quote
            for quotes in by_source.values()
            if (quote := in_force(quotes, today)) is not None
        ]
        coming = [q for qs in by_source.values() for q in qs if is_later(q, today)]
        for since, group in [(None, current), *((q.since, [q]) for q in coming)]:
            if not group:
                continue
            label = f"{family.provider}/{family.model}{service and ' ' + service}"
            record = _record(family, service, group, decisions)
            problem = _problem(record, group, decisions)
            if problem:
                findings.refused.append(f"{label}: {problem}")
                continue
            difference = _difference(group)
            if difference:
                findings.disagreements.append(f"{label}: {difference}")
            yield msgspec.structs.replace(record, since=since)


# one record -------------------------------------------------------------------


def _record(
    family: Family, service: str, group: list[Quote], decisions: Decisions
) -> PriceRecord:
    base = dearest(quote.base for quote in group)
    heard = _sound(group, base, family, decisions)
    name = f"{family.provider}/{family.model}"
    fees = [quote.tool_fee for quote in group if quote.tool_fee]
    stated = decisions.tool_fees.get(family.provider)
    fee = max(fees, default=Decimal(stated) if stated else None)
    writes = base.cache_write_5m is not None and base.cache_write_5m > base.input
    return PriceRecord(
        provider=family.provider,
        model=family.model,
        service=service,
        **_texts(base),
        tiers=tuple(
            TierRecord(above=above, **_texts(rates)) for above, rates in _tiers(group)
        ),
        tool_fee=None if fee is None else text(fee),
        **{counter: text(price) for counter, price in heard.items()},
        writes=writes and matches(decisions.writes_cache, *name.split("/", 1)),
        margin=_margin(family, decisions),
        context=max((q.context for q in group if q.context), default=None),
        max_output=max((q.max_output for q in group if q.max_output), default=None),
        by=_by(group),
    )


def _sound(
    group: list[Quote], base: Prices, family: Family, decisions: Decisions
) -> dict[str, Decimal]:
    """Return the dearest stated price of each counter of sound."""
    found: dict[str, Decimal] = {}
    for counter in ("audio_in", "audio_read", "audio_out"):
        stated = [getattr(quote, counter) for quote in group]
        price = max((p for p in stated if p is not None), default=None)
        if price is not None:
            found[counter] = price
    as_text = matches(decisions.sound_as_text, family.provider, family.model)
    if not found and as_text and base.input:
        found["audio_in"] = base.input
    return found


def _margin(family: Family, decisions: Decisions) -> str | None:
    for pattern, factor in decisions.margins.items():
        if matches([pattern], family.provider, family.model):
            return None if Decimal(factor) == 1 else factor
    return None


def _tiers(group: list[Quote]) -> list[tuple[int, Prices]]:
    """Return the tiers of all quotes together, each at its dearest."""
    bounds = sorted({above for quote in group for above, _ in quote.tiers})
    return [
        (bound, dearest(_prices_above(quote, bound) for quote in group))
        for bound in bounds
    ]


def _prices_above(quote: Quote, bound: int) -> Prices:
    held = quote.base
    for above, rates in quote.tiers:
        if above <= bound:
            held = rates
    return held


def dearest(quotes: Iterable[Prices]) -> Prices:
    """Return the dearest stated price of each counter."""
    listed = list(quotes)

    def most(counter: str) -> Decimal | None:
        stated = [getattr(rates, counter) for rates in listed]
        return max((price for price in stated if price is not None), default=None)

    return prices(**{counter: most(counter) for counter in COUNTERS})


def _problem(
    record: PriceRecord, group: list[Quote], decisions: Decisions
) -> str | None:
    """Return why a record must not be used; zero is a price only where decided."""
    try:
        row = record.row("")
    except PriceFileError as error:
        return str(error)
    if matches(decisions.free, record.provider, record.model):
        return None
    embeds = any(quote.embedding for quote in group)
    levels = [row.base, *(tier.rates for tier in row.tiers)]
    if any(not rates.input or (not rates.output and not embeds) for rates in levels):
        return "a price of zero"
    return None


def _difference(group: list[Quote]) -> str | None:
    if len({quote.source for quote in group}) < 2:
        return None
    parts = []
    for counter in COUNTERS:
        stated = {LETTERS[q.source]: getattr(q.base, counter) for q in group}
        if len({price for price in stated.values() if price is not None}) > 1:
            told = ", ".join(f"{s} {text(price)}" for s, price in stated.items())
            parts.append(f"{counter} {told}")
    told_tiers = {LETTERS[q.source]: _tier_text(q) for q in group}
    if len(set(told_tiers.values())) > 1:
        parts.append("tiers " + ", ".join(f"{s} {t}" for s, t in told_tiers.items()))
    return "; ".join(parts) or None


def _tier_text(quote: Quote) -> str:
    listed = (f">{above}: {text(p.input)}/{text(p.output)}" for above, p in quote.tiers)
    return " ".join(listed) or "none"


def _by(group: list[Quote]) -> str:
    joint = "!=" if _difference(group) else "="
    return joint.join(sorted({LETTERS[quote.source] for quote in group}))


def _texts(rates: Prices) -> dict[str, Any]:
    return {
        counter: text(price)
        for counter in COUNTERS
        if (price := getattr(rates, counter)) is not None
    }


def text(price: Decimal) -> str:
    """Return a price as a plain decimal: "0.25", "15"."""
    return f"{price.normalize():f}"


# decisions and compression ----------------------------------------------------


def _decide(
    merged: dict[Name, list[PriceRecord]], row: PriceRecord, findings: Findings
) -> None:
    """Put a hand-written row in place of the sources; their facts stay."""
    name = row.provider, row.model.casefold()
    held = merged.get(name, [])
    usual = next((record for record in held if not record.service), None)
    if usual is not None:
        findings.decided.append(f"{row.provider}/{row.model}")
        row = msgspec.structs.replace(
            row,
            context=row.context or usual.context,
            max_output=row.max_output or usual.max_output,
            tool_fee=row.tool_fee or usual.tool_fee,
            margin=row.margin or usual.margin,
        )
    merged[name] = [row, *(record for record in held if record.service)]


def _compressed(
    merged: dict[Name, list[PriceRecord]], families: dict[Name, Family]
) -> list[PriceRecord]:
    """Leave out what the matching of names finds anyway; turn doubles into aliases."""
    aliases: dict[Name, list[str]] = {}
    kept: dict[Name, list[PriceRecord]] = {}
    for name, records in merged.items():
        family = families.get(name)
        target = _target(name, family, merged) if family else None
        if target is None:
            kept[name] = records
        elif undated(name[1]) != target[1]:
            aliases.setdefault(target, []).append(records[0].model)
    rows = []
    for name, records in kept.items():
        for record in records:
            extra = () if record.service else tuple(sorted(aliases.get(name, [])))
            known = sorted({*record.aliases, *extra})
            rows.append(msgspec.structs.replace(record, aliases=tuple(known)))
    return rows


def _target(
    name: Name, family: Family, merged: dict[Name, list[PriceRecord]]
) -> Name | None:
    """Return the name under which this one's rows are found, when it is not its own."""
    provider, model = name
    candidates = [
        undated(model),
        family.canonical.casefold(),
        f"accounts/fireworks/models/{model}",
        f"accounts/fireworks/routers/{model}",
    ]
    for other in candidates:
        target = provider, other or model
        if target == name or target not in merged:
            continue
        if _same(merged[name], merged[target]) and _settled(target, merged):
            return target
    return None


def _settled(target: Name, merged: dict[Name, list[PriceRecord]]) -> bool:
    """Tell whether the target is no dated name that might itself be left out."""
    stem = undated(target[1])
    return stem is None or (target[0], stem) not in merged


def _same(these: list[PriceRecord], those: list[PriceRecord]) -> bool:
    return [_essence(r) for r in these] == [_essence(r) for r in those]


def _essence(record: PriceRecord) -> PriceRecord:
    """Return what a bill depends on."""
    return msgspec.structs.replace(
        record,
        model="",
        aliases=(),
        by="",
        context=None,
        max_output=None,
        output_field=None,
    )


def same_price(one: PriceRecord, other: PriceRecord) -> bool:
    """Tell whether two rows bill alike, whenever they begin."""
    return _essence(msgspec.structs.replace(one, since=None)) == _essence(
        msgspec.structs.replace(other, since=None)
    )
