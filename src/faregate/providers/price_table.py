"""Which price row applies to a model at a date, and what is known of the model.

Owns the matching of model names. There is no guessing by prefix: a name that no
rule resolves has no price, and a cap then refuses it. Reads no file: the caller
passes the bytes of `PRICES_FILE`.
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import reduce
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from faregate.core.dearest import dearest_rates
from faregate.core.model_facts import NOTHING_KNOWN, ModelFacts
from faregate.core.pricing import (
    CacheWrite,
    PriceRow,
    Rates,
    per_call,
)
from faregate.providers.price_records import PriceRecord, decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from faregate.core.pricing import Ratio

Key = tuple[str, str]
"""Provider name and case-folded model name."""

STANDARD_SERVICES = frozenset(
    {"", "auto", "default", "standard", "standard_only", "on_demand"}
)
"""What requests and answers call the usual service class."""
DISCOUNTED_SERVICES = frozenset({"flex", "batch", "scale"})
"""Classes that never cost more than the usual one."""
SAME_SERVICE = MappingProxyType({"fast": "priority"})
USUAL_PRICE_AT = frozenset({("anthropic", "priority")})
"""Classes that are paid for in advance and listed at the usual price."""

_DATED = re.compile(r"(.+?)(?:[-@]\d{4}-\d{2}-\d{2}|[-@]\d{8})")
_BEGINNING = date.min

_T = TypeVar("_T")

_REMEMBERED = 1024
"""Models whose merged facts are kept: callers name what they like."""


class PriceTable:
    """Prices and facts by provider and model; immutable.

    A model name is looked for exactly (without regard to case), then as an alias,
    then without a dated suffix, then among the globs of the overrides.
    """

    def __init__(
        self,
        records: Iterable[PriceRecord] = (),
        *,
        generated: date | None = None,
        sources: Mapping[str, str] | None = None,
    ) -> None:
        self.generated = generated
        self.sources: Mapping[str, str] = MappingProxyType(dict(sources or {}))
        self._records: dict[Key, list[PriceRecord]] = {}
        self._aliases: dict[Key, str] = {}
        self._rows: dict[int, PriceRow] = {}
        self._factors: dict[str, Ratio] = {}
        self._overrides: dict[Key, PriceRow] = {}
        self._facts: dict[Key, ModelFacts] = {}
        self._globs: tuple[PriceRow, ...] = ()
        self._fact_globs: tuple[tuple[Key, ModelFacts], ...] = ()
        self._merged: dict[tuple[str, str], ModelFacts] = {}
        for record in records:
            self._records.setdefault(_key(record.provider, record.model), []).append(
                record
            )
            for alias in record.aliases:
                self._aliases[_key(record.provider, alias)] = record.model

    @classmethod
    def from_json(cls, data: bytes | str) -> PriceTable:
        """Read the bytes of `PRICES_FILE`; raises PriceFileError."""
        file = decode(data)
        return cls(file.rows, generated=file.generated, sources=file.sources)

    def with_overrides(
        self,
        rows: Iterable[PriceRow] = (),
        facts: Mapping[tuple[str, str], ModelFacts] | None = None,
    ) -> PriceTable:
        """Return a table in which the user's rows and facts go first.

        A model that holds `*` or `?` is a glob and applies to what nothing else
        matches. Facts are keyed by provider and model and override field by field.
        """
        table = self._copy()
        rows = tuple(rows)
        keyed = {_key(*key): value for key, value in (facts or {}).items()}
        table._overrides = self._overrides | {
            _key(row.provider, row.model): row for row in rows if not _glob(row.model)
        }
        table._globs = (*(row for row in rows if _glob(row.model)), *self._globs)
        table._facts = self._facts | {
            key: value for key, value in keyed.items() if not _glob(key[1])
        }
        table._fact_globs = (
            *((key, value) for key, value in keyed.items() if _glob(key[1])),
            *self._fact_globs,
        )
        return table

    def with_factors(self, factors: Mapping[str, Ratio]) -> PriceTable:
        """Return a table whose bundled prices of these providers are multiplied.

        For regions that cost more; the user's own rows are final and stay.
        """
        table = self._copy()
        table._factors = self._factors | dict(factors)
        return table

    def row(
        self, provider: str, model: str, at: date, *, service: str | None = None
    ) -> PriceRow | None:
        """Return the row in force at a UTC date; None when there is no price.

        `service` is the service class as the request or the answer names it. A class
        that the table does not know gets the dearest row of the model that it does
        know, and none where it knows only the usual class. A user's row stands for
        every class, except that a class known to be dearer keeps its own row.
        """
        for name in self._candidates(provider, model):
            key = _key(provider, name)
            override = self._overrides.get(key)
            records = self._in_force(key, at)
            if override is None and not records:
                continue
            wanted = (service or "").lower()
            if (provider, wanted) in USUAL_PRICE_AT:
                wanted = ""
            bundled = self._of_service(records, wanted)
            return self._with_fee(_chosen(override, bundled), bundled)
        for row in self._globs:
            if row.provider == provider and _matches(row.model, model):
                return self._with_fee(row, None)
        return None

    def _with_fee(
        self, row: PriceRow | None, bundled: PriceRow | None
    ) -> PriceRow | None:
        """Return a person's row with the fee of its provider's tools, if it has none.

        Who states prices of tokens does not say that searches are free.
        """
        if row is None or row.fee_is_stated or row is bundled:
            return row
        if bundled is None:
            fee = self._usual_fee(row.provider)
        else:
            fee = bundled.fee_per_server_tool_call
        return replace(row, fee_per_server_tool_call=fee) if fee else row

    def _usual_fee(self, provider: str) -> int:
        """Return the dearest fee of a provider's tools, 0 where none is known."""
        fees = (
            Decimal(record.tool_fee or 0)
            for key, records in self._records.items()
            if key[0] == provider
            for record in records
        )
        return per_call(max(fees, default=Decimal(0)))

    def dearest(self, provider: str, at: date) -> PriceRow | None:
        """Return a row that no known model of a provider exceeds in any price.

        Every tier, window and service class is in it; a provider without prices gets
        the dearest of the whole table. None when the table is empty.
        """
        rows = list(self._all_rows(provider, at)) or list(self._all_rows(None, at))
        if not rows:
            return None
        rates = [
            dearest_rates(row, sys.maxsize, CacheWrite.UNKNOWN).times(row.hold_margin)
            for row in rows
        ]
        return PriceRow(
            provider=provider,
            model="*",
            base=reduce(Rates.dearer, rates),
            source=f"dearest of {rows[0].source}",
            fee_per_server_tool_call=max(r.fee_per_server_tool_call for r in rows),
        )

    def facts(self, provider: str, model: str) -> ModelFacts:
        """Return what is known of a model; every field may be None."""
        merged = self._merged.get((provider, model))
        if merged is None:
            merged = self._merge_facts(provider, model)
            if len(self._merged) >= _REMEMBERED:
                self._merged.clear()
            self._merged[provider, model] = merged
        return merged

    def _merge_facts(self, provider: str, model: str) -> ModelFacts:
        merged = NOTHING_KNOWN
        for known in self._known_facts(provider, model):
            merged = ModelFacts(
                context=_first(merged.context, known.context),
                max_output=_first(merged.max_output, known.max_output),
                output_field=_first(merged.output_field, known.output_field),
            )
        return merged

    def models(self, provider: str) -> tuple[str, ...]:
        """Return the priced models of a provider in the file's order, no globs."""
        bundled = [
            records[0].model
            for key, records in self._records.items()
            if key[0] == provider
        ]
        known = {model.casefold() for model in bundled}
        own = [
            row.model
            for key, row in self._overrides.items()
            if key[0] == provider and key[1] not in known
        ]
        return (*bundled, *own)

    def _copy(self) -> PriceTable:
        """Return a table of the same content that has converted no row yet."""
        table = PriceTable(generated=self.generated, sources=self.sources)
        table._records, table._aliases = self._records, self._aliases
        table._overrides, table._globs = self._overrides, self._globs
        table._facts, table._fact_globs = self._facts, self._fact_globs
        table._factors = self._factors
        return table

    def _candidates(self, provider: str, model: str) -> Iterator[str]:
        yield from self._with_alias(provider, model)
        stem = undated(model)
        if stem is not None:
            yield from self._with_alias(provider, stem)

    def _with_alias(self, provider: str, model: str) -> Iterator[str]:
        yield model
        alias = self._aliases.get(_key(provider, model))
        if alias is not None:
            yield alias

    def _in_force(self, key: Key, at: date) -> dict[str, PriceRecord]:
        """Return the newest record of each service class that has begun by `at`."""
        newest: dict[str, PriceRecord] = {}
        for record in self._records.get(key, ()):
            begun = record.since or _BEGINNING
            held = newest.get(record.service)
            if begun <= at and (held is None or begun >= (held.since or _BEGINNING)):
                newest[record.service] = record
        return newest

    def _all_rows(self, provider: str | None, at: date) -> Iterator[PriceRow]:
        for key in self._records:
            if provider in {None, key[0]}:
                for record in self._in_force(key, at).values():
                    yield self._parsed(record)
        for row in self._overrides.values():
            if provider in {None, row.provider}:
                yield row

    def _of_service(
        self, records: Mapping[str, PriceRecord], service: str
    ) -> PriceRow | None:
        same = SAME_SERVICE.get(service, service)
        for name in (service, same):
            if name in records:
                return self._parsed(records[name])
        if not records:
            return None
        if service in STANDARD_SERVICES or service in DISCOUNTED_SERVICES:
            return self._parsed(records[""]) if "" in records else None
        if not records.keys() - {""} - DISCOUNTED_SERVICES:
            return None
        rows = [self._parsed(record) for record in records.values()]
        return max(rows, key=_dearness)

    def _parsed(self, record: PriceRecord) -> PriceRow:
        """Return the record as a row, converted once."""
        row = self._rows.get(id(record))
        if row is None:
            row = record.row(f"bundled {self.generated}")
            factor = self._factors.get(record.provider)
            row = self._rows[id(record)] = row if factor is None else row.times(factor)
        return row

    def _known_facts(self, provider: str, model: str) -> Iterator[ModelFacts]:
        for name in self._candidates(provider, model):
            key = _key(provider, name)
            if key in self._facts:
                yield self._facts[key]
            for record in reversed(self._records.get(key, [])):
                yield record.facts()
        for (owner, pattern), known in self._fact_globs:
            if owner == provider and _matches(pattern, model):
                yield known


def undated(model: str) -> str | None:
    """Return a model name without its dated suffix; None when it has none."""
    dated = _DATED.fullmatch(model)
    return dated[1] if dated else None


def _chosen(override: PriceRow | None, bundled: PriceRow | None) -> PriceRow | None:
    if override is None:
        return bundled
    if bundled is None or bundled.service in {"", *DISCOUNTED_SERVICES}:
        return override
    return max(override, bundled, key=_dearness)


def _dearness(row: PriceRow) -> tuple[int, int]:
    return row.base.output, row.base.input


def _key(provider: str, model: str) -> Key:
    return provider, model.casefold()


def _glob(model: str) -> bool:
    return "*" in model or "?" in model


def _matches(pattern: str, model: str) -> bool:
    return fnmatchcase(model.casefold(), pattern.casefold())


def _first(held: _T | None, other: _T | None) -> _T | None:
    return other if held is None else held
