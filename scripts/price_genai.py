"""Reads prices out of the `genai-prices` wheel without installing or running it.

Its data is a Python file of literals and constructor calls: it is parsed, never
executed.
"""

from __future__ import annotations

import ast
import zipfile
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from price_quotes import GENAI, Prices, Quote, prices, sound

if TYPE_CHECKING:
    from pathlib import Path

Node = dict[str, Any]

GENAI_PROVIDERS = {
    "anthropic": "anthropic",
    "cerebras": "cerebras",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "fireworks": "fireworks",
    "google": "gemini",
    "groq": "groq",
    "minimax": "minimax",
    "mistral": "mistral",
    "moonshotai": "moonshot",
    "novita": "novita",
    "openai": "openai",
    "openrouter": "openrouter",
    "together": "together",
    "x-ai": "xai",
    "zai": "zai",
}


def read_genai(wheel: Path) -> list[Quote]:
    """Return every quote of our providers in the genai-prices wheel."""
    with zipfile.ZipFile(wheel) as archive:
        tree = ast.parse(archive.read("genai_prices/data.py"))
    providers: list[Node] = []
    for statement in tree.body:
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and statement.target.id == "providers"
            and statement.value is not None
        ):
            providers = _literal(statement.value)
    if not providers:
        raise ValueError(f"{wheel.name} holds no list of providers")
    return [
        quote
        for provider in providers
        if provider["id"] in GENAI_PROVIDERS
        for model in provider["models"]
        for quote in _genai_model(GENAI_PROVIDERS[provider["id"]], model)
    ]


def _literal(node: ast.expr) -> Any:
    """Turn literals and constructor calls into plain values; runs nothing."""
    match node:
        case ast.Constant():
            return node.value
        case ast.List() | ast.Tuple():
            return [_literal(item) for item in node.elts]
        case ast.Dict():
            return {
                _literal(key): _literal(value)
                for key, value in zip(node.keys, node.values, strict=True)
                if key is not None
            }
        case ast.UnaryOp(op=ast.USub()):
            return -_literal(node.operand)
        case ast.Attribute():
            return ast.unparse(node)
        case ast.Call():
            return _constructed(node)
        case _:
            raise ValueError(f"not a literal: {ast.unparse(node)[:80]}")


def _constructed(node: ast.Call) -> Any:
    name = ast.unparse(node.func).rpartition(".")[2]
    arguments = [_literal(argument) for argument in node.args]
    if name == "Decimal":
        return Decimal(arguments[0])
    if name == "date":
        return date(*arguments)
    named = {word.arg: _literal(word.value) for word in node.keywords if word.arg}
    return {"kind": name, "arguments": arguments, **named}


def _genai_model(provider: str, model: Node) -> list[Quote]:
    names = _equal_names(model["match"])
    name = model["id"]
    known = {other.casefold() for other in names}
    if _only_equals(model["match"]) and name.casefold() not in known:
        name = names[0]
    aliases = tuple(other for other in names if other.casefold() != name.casefold())
    quotes = []
    for since, node in _genai_periods(model["prices"]):
        quote = _genai_quote(provider, model, node)
        if quote is None:
            continue
        quotes.append(replace(quote, model=name, aliases=aliases, since=since))
    if quotes:
        quotes += _genai_services(provider, model, quotes[-1])
    return quotes


def _genai_services(provider: str, model: Node, usual: Quote) -> list[Quote]:
    """Return a quote for each service class; "fast" is the new name of "priority"."""
    quotes: dict[str, Quote] = {}
    for variant in model.get("price_variants") or []:
        service = str(variant["when"].get("service_tier") or "default")
        quote = _genai_quote(provider, model, variant["prices"])
        if service == "default" or quote is None or not quote.base.input:
            continue
        quotes[service] = replace(
            quote,
            model=usual.model,
            aliases=usual.aliases,
            service=service,
            tool_fee=quote.tool_fee or usual.tool_fee,
        )
    if "fast" in quotes:
        fast = quotes.pop("fast")
        quotes.setdefault("priority", replace(fast, service="priority"))
    return list(quotes.values())


def _equal_names(clause: Node) -> list[str]:
    if clause["kind"] == "ClauseEquals":
        return [clause["equals"]]
    if clause["kind"] == "ClauseOr":
        return [name for part in clause["or_"] for name in _equal_names(part)]
    return []


def _only_equals(clause: Node) -> bool:
    if clause["kind"] == "ClauseOr":
        return all(_only_equals(part) for part in clause["or_"])
    return bool(clause["kind"] == "ClauseEquals")


def _genai_periods(prices: Node | list[Node]) -> list[tuple[date | None, Node]]:
    """Return (start, prices) by date; prices bound to hours are left to a person."""
    if isinstance(prices, dict):
        return [(None, prices)]
    periods: list[tuple[date | None, Node]] = []
    for part in prices:
        constraint = part.get("constraint")
        if constraint is None:
            periods.append((None, part["prices"]))
        elif constraint["kind"] == "StartDateConstraint":
            periods.append((constraint["start_date"], part["prices"]))
    return periods


_GENAI_FIELDS = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write_5m": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
}
_TOP = 10**9
"""Above every bound of a tier: sound takes one price, the last."""
_NOT_TEXT = {"audio_hours", "input_audio_hours", "input_mchars", "requests_kcount"}


def _genai_quote(provider: str, model: Node, node: Node) -> Quote | None:
    if node.get("input_mtok") is None and node.keys() > {"kind", "arguments"}:
        return None
    bounds = sorted(
        {
            tier["start"]
            for key in _GENAI_FIELDS.values()
            if isinstance(node.get(key), dict)
            for tier in node[key]["tiers"]
        }
    )
    fee = node.get("web_searches_kcount")
    return Quote(
        source=GENAI,
        provider=provider,
        model=model["id"],
        base=_genai_prices(node, -1),
        tiers=tuple((bound, _genai_prices(node, bound)) for bound in bounds),
        tool_fee=fee if isinstance(fee, Decimal) else None,
        audio_in=sound(_at_tier(node.get("input_audio_mtok"), _TOP)),
        audio_read=sound(_at_tier(node.get("cache_audio_read_mtok"), _TOP)),
        audio_out=sound(_at_tier(node.get("output_audio_mtok"), _TOP)),
        context=model.get("context_window"),
        embedding="embed" in model["id"],
        gone=bool(model.get("deprecated")),
        text=not _NOT_TEXT & node.keys(),
    )


def _genai_prices(node: Node, above: int) -> Prices:
    values = {
        name: _at_tier(node.get(key), above) for name, key in _GENAI_FIELDS.items()
    }
    thought = node.get("output_reasoning_mtok")
    output = max(
        values.pop("output") or Decimal(0), _at_tier(thought, above) or Decimal(0)
    )
    return prices(output=output, **values)


def _at_tier(value: Node | Decimal | None, above: int) -> Decimal | None:
    if not isinstance(value, dict):
        return value
    price: Decimal = value["base"]
    for tier in value["tiers"]:
        if tier["start"] <= above:
            price = tier["price"]
    return price
