"""Prices that a person sets while the proxy runs: from the next request on.

They stand in overrides.toml and win over the configuration and the bundled table. What
was booked stays as it is.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from faregate.config.overrides import set_price
from faregate.config.price_values import price_row, price_section
from faregate.config.problems import ConfigError
from faregate.control.prices import PriceChanged, PriceView, SetPrice
from faregate.control.sanitise import sanitise
from faregate.core.pricing import PICO_PER_TOKEN
from faregate.core.routing import Target
from faregate.server.control import ControlRefusedError, bad_request
from faregate.server.tables import price_table, routing_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from faregate.config.paths import Paths
    from faregate.config.settings import Settings
    from faregate.core.pricing import PriceRow
    from faregate.core.routing import RoutingTable
    from faregate.gateway.gate import Gate
    from faregate.gateway.ports import GoverningPort
    from faregate.providers.price_table import PriceTable


class PriceDesk:
    """Sets prices and takes them back, one at a time."""

    def __init__(
        self,
        settings: Settings,
        paths: Paths,
        gate: Gate,
        ledger: GoverningPort,
        relist: Callable[[Settings, PriceTable], None],
    ) -> None:
        """Begin with the prices that were configured; `relist` is told of others."""
        self._settings = settings
        self._paths = paths
        self._gate = gate
        self._ledger = ledger
        self._relist = relist
        self._turn = asyncio.Lock()

    def now(self, target: str) -> PriceView:
        """Return what a model costs now; nobody prices one of an unknown provider."""
        known = target.partition("/")[0] in self._settings.providers
        return PriceView(
            target=sanitise(target), price=self._price(target) if known else None
        )

    async def set(self, asked: SetPrice, *, who: str) -> PriceChanged:
        """Let a price count from the next request on, and over a restart."""
        async with self._turn:
            return await self._set(asked, who)

    async def _set(self, asked: SetPrice, who: str) -> PriceChanged:
        section = self._section(asked)
        before = self._price(asked.target)
        settings = self._with(asked.target, section)
        prices, routing = await asyncio.to_thread(_tables_of, settings)
        note = None if section is not None else "taken back"
        self._ledger.note_limit(
            asked.target,
            what="price",
            before=before or "none",
            after=_words_of(section) or "as configured",
            note=note,
            at_ms=self._gate.clock.now_ms(),
            who=who,
        )
        self._settings = settings
        self._gate.planner.reprice(prices, routing)
        self._relist(settings, prices)
        after = self._price(asked.target)
        self._tell(asked.target, before, after)
        try:
            set_price(self._paths, asked.target, section)
        except (ConfigError, OSError) as error:
            raise ControlRefusedError(
                500, "not_saved", f"the price holds until the next start only: {error}"
            ) from error
        return PriceChanged(target=asked.target, before=before, after=after)

    def _section(self, asked: SetPrice) -> dict[str, Decimal] | None:
        """Return what is written for a price; None where it is taken back."""
        try:
            if asked.input is None:
                price_row(
                    asked.target, price_section("1", "1"), self._settings.providers
                )
                return None
            if asked.output is None:
                raise ValueError("a price of output is missing")
            section = price_section(asked.input, asked.output, asked.cached_input)
            price_row(asked.target, section, self._settings.providers)
        except ValueError as error:
            raise bad_request(str(error)) from error
        return section

    def _with(self, target: str, section: Mapping[str, object] | None) -> Settings:
        """Return the settings with one price set, or with the configured one again."""
        rows = self._settings.price_overrides
        others = tuple(row for row in rows if f"{row.provider}/{row.model}" != target)
        if section is not None:
            row = price_row(target, section, self._settings.providers)
            return replace(self._settings, price_overrides=(*others, row))
        written = self._settings.configured_prices
        own = [row for row in written if f"{row.provider}/{row.model}" == target]
        return replace(self._settings, price_overrides=(*others, *own))

    def _price(self, target: str) -> str | None:
        provider, _, model = target.partition("/")
        named = Target(provider=provider, model=model)
        row = self._gate.planner.price(named, None, self._gate.clock.now_ms())
        return None if row is None else price_words(row)

    def _tell(self, target: str, before: str | None, after: str | None) -> None:
        self._gate.events.publish(
            "price",
            f"{target} costs {after or 'nobody knows what'} a million tokens, was "
            f"{before or 'without a price'}",
            at_ms=self._gate.clock.now_ms(),
            severity="warn",
        )


def price_words(row: PriceRow) -> str:
    """Return "$3 in, $15 out", for a million tokens."""
    return f"${_usd(row.base.input)} in, ${_usd(row.base.output)} out"


def _words_of(section: Mapping[str, Decimal] | None) -> str:
    if section is None:
        return ""
    return ", ".join(f"{name} {price}" for name, price in section.items())


def _usd(rate: int) -> str:
    text = f"{Decimal(rate) / PICO_PER_TOKEN:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _tables_of(settings: Settings) -> tuple[PriceTable, RoutingTable]:
    return price_table(settings), routing_table(settings)
