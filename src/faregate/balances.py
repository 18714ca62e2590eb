"""Asks several providers at once what is left there, each with its own key."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from faregate.config.keys import find_keys
from faregate.smoke.balance.reader import read_balance
from faregate.upstream.session import HttpUpstream

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faregate.config.settings import Settings
    from faregate.smoke.balance.values import Balance, NoBalance

SIDE_BY_SIDE = 8


def ask_balances(
    settings: Settings, names: Iterable[str]
) -> dict[str, Balance | NoBalance]:
    """Return what is left at each named provider, or why that is not known.

    Each takes at most 20 seconds; a key_command is run where one is configured.
    """
    return asyncio.run(_ask_all(settings, list(names)))


async def _ask_all(
    settings: Settings, names: list[str]
) -> dict[str, Balance | NoBalance]:
    keys = find_keys(settings)
    gate = asyncio.Semaphore(SIDE_BY_SIDE)
    http = HttpUpstream()

    async def one(name: str) -> Balance | NoBalance:
        found = keys.found.get(name)
        spec = settings.providers[name].spec
        async with gate:
            return await read_balance(spec, found.secret if found else None, http)

    try:
        told = await asyncio.gather(*(one(name) for name in names))
    finally:
        await http.close()
    return dict(zip(names, told, strict=True))
