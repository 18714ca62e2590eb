"""[prices."provider/model"] and [models."provider/model"]: facts of models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.config.problems import did_you_mean
from faregate.config.schema import ModelKeys, PriceKeys, PriceWindowKeys
from faregate.core.model_facts import ModelFacts
from faregate.core.pricing import PriceRow, Rates, Tier, Window, per_call
from faregate.core.routing import Target
from faregate.providers.spec import Billing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

    from faregate.config.settings import ProviderChoice
    from faregate.config.tables import Table


def target_of(name: str, providers: Mapping[str, ProviderChoice]) -> Target | str:
    """Read "provider/model", or return what is wrong with it."""
    provider, slash, model = name.partition("/")
    if not (slash and provider and model):
        return f'"{name}" is not provider/model'
    if provider not in providers:
        guess = did_you_mean(provider, providers)
        return f'there is no provider "{provider}". {guess}'.rstrip()
    return Target(provider=provider, model=model)


def read_models(
    table: Table, providers: Mapping[str, ProviderChoice]
) -> dict[Target, ModelFacts]:
    """Return what the person states about models."""
    facts: dict[Target, ModelFacts] = {}
    for target, section in _by_target(table, providers):
        output_field = section.optional(ModelKeys.OUTPUT_FIELD)
        stated = ModelFacts(
            context=section.optional(ModelKeys.CONTEXT),
            max_output=section.optional(ModelKeys.MAX_OUTPUT),
            output_field=None if output_field is None else output_field.value,
        )
        section.finish()
        if target is not None:
            facts[target] = stated
    return facts


def read_prices(
    table: Table, providers: Mapping[str, ProviderChoice]
) -> tuple[PriceRow, ...]:
    """Return the person's own prices."""
    rows: list[PriceRow] = []
    for target, section in _by_target(table, providers):
        base = _rates(section)
        fee = section.optional(PriceKeys.TOOL_FEE)
        tiers = tuple(_tiers(section))
        windows = tuple(_windows(section))
        section.finish()
        if target is None or base is None:
            continue
        spec = providers[target.provider].spec
        free = spec.local or spec.billing is not Billing.METERED
        if not (base.input or base.output or free):
            section.problem(
                "output",
                "a price of 0 would switch the cap off for this model",
                f'If it is free, write [providers.{target.provider}] billing = "free".',
            )
        row = PriceRow(
            provider=target.provider,
            model=target.model,
            base=base,
            tiers=tiers,
            windows=windows,
            source="config",
            fee_per_server_tool_call=0 if fee is None else per_call(fee),
            fee_is_stated=fee is not None,
        )
        rows.append(row)
    return tuple(rows)


def _by_target(
    table: Table, providers: Mapping[str, ProviderChoice]
) -> Iterator[tuple[Target | None, Table]]:
    for name, section in table.named():
        target = target_of(name, providers)
        if isinstance(target, str):
            table.problem(name, target)
            yield None, section
        else:
            yield target, section


def _rates(section: Table) -> Rates | None:
    given = section.required(PriceKeys.INPUT)
    made = section.required(PriceKeys.OUTPUT)
    cached = section.optional(PriceKeys.CACHED_INPUT)
    write = section.optional(PriceKeys.CACHE_WRITE)
    write_1h = section.optional(PriceKeys.CACHE_WRITE_1H)
    if given is None or made is None:
        return None
    try:
        return Rates.per_mtok(
            input=given,
            output=made,
            cache_read=cached,
            cache_write_5m=write,
            cache_write_1h=write_1h,
        )
    except ValueError as error:
        section.source.problem(section.path, str(error))
        return None


def _tiers(section: Table) -> Iterator[Tier]:
    seen: set[int] = set()
    for entry in section.tables("tiers"):
        above = entry.required(PriceKeys.ABOVE_INPUT)
        rates = _rates(entry)
        entry.finish()
        if above is None or rates is None:
            continue
        if above in seen:
            entry.problem("above_input", "is given twice")
        seen.add(above)
        yield Tier(above_input=above, rates=rates)


def _windows(section: Table) -> Iterator[Window]:
    for entry in section.tables("windows"):
        days = entry.required(PriceWindowKeys.DAYS)
        start = entry.required(PriceWindowKeys.START)
        end = entry.required(PriceWindowKeys.END)
        multiplier = entry.required(PriceWindowKeys.MULTIPLIER)
        entry.finish()
        if days is None or start is None or end is None or multiplier is None:
            continue
        try:
            yield Window(
                days=frozenset(days),
                start_minute=start,
                end_minute=end,
                multiplier=_ratio(multiplier),
            )
        except ValueError as error:
            entry.source.problem(entry.path, str(error))


def _ratio(factor: Decimal) -> tuple[int, int]:
    return factor.as_integer_ratio()
