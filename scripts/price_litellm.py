"""Reads prices out of the JSON file inside the `litellm` wheel; installs nothing."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from price_quotes import LITELLM, Prices, Quote, prices, proportional, sound, times

if TYPE_CHECKING:
    from pathlib import Path

Node = dict[str, Any]

LITELLM_PROVIDERS = {
    "anthropic": "anthropic",
    "bigmodel": "bigmodel",
    "cerebras": "cerebras",
    "cohere": "cohere",
    "cohere_chat": "cohere",
    "dashscope": "dashscope",
    "deepinfra": "deepinfra",
    "deepseek": "deepseek",
    "fireworks_ai": "fireworks",
    "gemini": "gemini",
    "groq": "groq",
    "minimax": "minimax",
    "mistral": "mistral",
    "moonshot": "moonshot",
    "nebius": "nebius",
    "novita": "novita",
    "openai": "openai",
    "sambanova": "sambanova",
    "together_ai": "together",
    "xai": "xai",
    "zai": "zai",
}
LITELLM_MODES = {"chat", "responses", "embedding"}


_MTOK = 10**6
_TOO_LARGE_CONTEXT = 20_000_000
_TIER_KEY = re.compile(r"input_cost_per_token_above_(\d+)k_tokens")
_SERVICE_KEY = re.compile(r"input_cost_per_token_([a-z]+)")
_SERVICES = {"balanced", "fast", "flex", "priority", "ultrafast"}


def read_litellm(
    wheel: Path, *, today: date, inclusive: tuple[str, ...] = ()
) -> list[Quote]:
    """Return every quote of our providers in the litellm wheel.

    Providers in `inclusive` raise the price from a tier's bound on, not above it.
    """
    with zipfile.ZipFile(wheel) as archive:
        table: dict[str, Node] = json.loads(
            archive.read("litellm/model_prices_and_context_window_backup.json"),
            parse_float=Decimal,
        )
    quotes: list[Quote] = []
    for key, entry in table.items():
        owner = str(entry.get("litellm_provider"))
        if owner in LITELLM_PROVIDERS and entry.get("mode") in LITELLM_MODES:
            name = key.removeprefix(f"{owner}/")
            quotes += _litellm_model(LITELLM_PROVIDERS[owner], name, entry, today)
    return [_exclusive(quote, inclusive) for quote in quotes]


def _exclusive(quote: Quote, inclusive: tuple[str, ...]) -> Quote:
    if quote.provider not in inclusive:
        return quote
    return replace(quote, tiers=tuple((above - 1, p) for above, p in quote.tiers))


def _litellm_model(provider: str, name: str, entry: Node, today: date) -> list[Quote]:
    fees = entry.get("search_context_cost_per_query") or {}
    fee = max((Decimal(value) * 1000 for value in fees.values()), default=None)
    context, most = (
        _count(entry.get("max_input_tokens")),
        entry.get("max_output_tokens"),
    )
    usual = Quote(
        source=LITELLM,
        provider=provider,
        model=name,
        base=_litellm_base(entry),
        tiers=_litellm_tiers(entry, ""),
        tool_fee=fee or None,
        **_sound(entry, ""),
        context=context,
        max_output=_count(most),
        embedding=entry["mode"] == "embedding",
        gone=_gone(entry.get("deprecation_date"), today),
    )
    quotes = [usual]
    quotes += [
        replace(
            usual,
            service=service,
            **_sound(entry, f"_{service}"),
            base=_litellm_prices(entry, f"_{service}"),
            tiers=_litellm_tiers(entry, f"_{service}"),
        )
        for service in _services(entry)
    ]
    speed = (entry.get("provider_specific_entry") or {}).get("fast")
    if speed:
        quotes.append(_faster(usual, Decimal(speed)))
    return quotes


def _faster(usual: Quote, factor: Decimal) -> Quote:
    return replace(
        usual,
        service="fast",
        base=times(usual.base, factor),
        tiers=tuple((above, times(p, factor)) for above, p in usual.tiers),
    )


def _sound(entry: Node, service: str) -> dict[str, Decimal | None]:
    """Return the prices of sound; a class without its own takes the usual ones."""
    keys = {
        "audio_in": "input_cost_per_audio_token",
        "audio_read": "cache_read_input_audio_token_cost",
        "audio_out": "output_cost_per_audio_token",
    }
    found: dict[str, Decimal | None] = {}
    for name, key in keys.items():
        value = entry.get(f"{key}{service}", entry.get(key))
        found[name] = sound(None if value is None else Decimal(value) * _MTOK)
    return found


def _services(entry: Node) -> list[str]:
    found = [_SERVICE_KEY.fullmatch(key) for key in entry]
    return [m[1] for m in found if m and m[1] in _SERVICES]


def _litellm_base(entry: Node) -> Prices:
    tiers = entry.get("tiered_pricing")
    if tiers:
        return _litellm_prices(min(tiers, key=lambda tier: tier["range"][0]), "")
    return _litellm_prices(entry, "")


def _litellm_tiers(entry: Node, service: str) -> tuple[tuple[int, Prices], ...]:
    ranges = entry.get("tiered_pricing")
    if ranges:
        return tuple(
            (int(tier["range"][0]), _litellm_prices(tier, ""))
            for tier in sorted(ranges, key=lambda tier: tier["range"][0])
            if tier["range"][0] > 0
        )
    bounds = sorted(int(m[1]) for m in map(_TIER_KEY.fullmatch, entry) if m)
    usual = _litellm_prices(entry, service)
    tiers = []
    for bound in bounds:
        tier = _litellm_prices(entry, f"_above_{bound}k_tokens{service}")
        if not tier.input and service:
            # A class without its own long tier keeps its ratio to the usual class.
            long = _litellm_prices(entry, f"_above_{bound}k_tokens")
            tier = proportional(long, usual, _litellm_prices(entry, ""))
        tiers.append((bound * 1000, _filled(tier, usual)))
    return tuple(tiers)


def _filled(tier: Prices, usual: Prices) -> Prices:
    return Prices(
        input=tier.input or usual.input,
        output=tier.output or usual.output,
        cache_read=tier.cache_read,
        cache_write_5m=tier.cache_write_5m,
        cache_write_1h=tier.cache_write_1h,
    )


def _litellm_prices(entry: Node, suffix: str) -> Prices:
    def mtok(name: str) -> Decimal | None:
        value = entry.get(name + suffix)
        return None if value is None else Decimal(value) * _MTOK

    output = mtok("output_cost_per_token")
    thought = mtok("output_cost_per_reasoning_token")
    return prices(
        input=mtok("input_cost_per_token"),
        output=max(output or Decimal(0), thought or Decimal(0)),
        cache_read=mtok("cache_read_input_token_cost"),
        cache_write_5m=mtok("cache_creation_input_token_cost"),
        cache_write_1h=mtok("cache_creation_input_token_cost_above_1hr")
        or mtok("cache_creation_input_token_cost_above_12hr"),
    )


def _count(value: Any) -> int | None:
    """Return a token limit, or None for what cannot be one."""
    try:
        tokens = int(value)
    except (TypeError, ValueError):
        return None
    return tokens if 0 < tokens <= _TOO_LARGE_CONTEXT else None


def _gone(day: Any, today: date) -> bool:
    try:
        return date.fromisoformat(str(day)) <= today
    except ValueError:
        return False
