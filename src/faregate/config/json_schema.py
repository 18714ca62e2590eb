"""The configuration's JSON Schema, made from the list of keys, for editors."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum

from faregate.config import capture_keys, route_keys, schema
from faregate.config.tables import Field


def json_schema() -> dict[str, object]:
    """Return the schema as one JSON document."""
    price = _table(schema.PriceKeys, leave_out=("above_input",))
    tiers = _table(schema.PriceKeys)
    price["properties"] = {
        **_properties(schema.PriceKeys, leave_out=("above_input",)),
        "tiers": {"type": "array", "items": tiers},
        "windows": {"type": "array", "items": _table(schema.PriceWindowKeys)},
    }
    limits = _table(schema.LimitKeys)
    limits["properties"] = {
        **_properties(schema.LimitKeys),
        "agent": _named(_table(schema.LimitKeys)),
        "workspace": _named(_table(schema.LimitKeys)),
    }
    sections: dict[str, object] = {
        "server": _table(schema.ServerKeys),
        "budget": _table(schema.BudgetKeys),
        "budgets": {"type": "array", "items": _table(schema.BudgetsKeys)},
        "limits": limits,
        "alerts": _table(schema.AlertKeys),
        "approvals": _table(schema.ApprovalKeys),
        "loops": _table(schema.LoopKeys),
        "capture": _table(capture_keys.CaptureKeys),
        "providers": _named(_table(schema.ProviderKeys)),
        "models": _named(_table(schema.ModelKeys)),
        "prices": _named(price),
        "routes": _named(_route()),
        "retries": _table(route_keys.RetryKeys),
        "theme": _table(schema.ThemeKeys),
        "keys": _named(dict(schema.KEY_BINDING.schema)),
        "ledger": _table(schema.LedgerKeys),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Faregate configuration",
        "type": "object",
        "additionalProperties": False,
        "properties": sections,
    }


def _route() -> dict[str, object]:
    route = _table(route_keys.RouteKeys)
    route["properties"] = {
        **_properties(route_keys.RouteKeys),
        "complexity": _table(route_keys.ComplexityKeys),
        "target": _named(_table(route_keys.RouteTargetKeys)),
    }
    return route


def fields_of(keys: type) -> tuple[Field[object], ...]:
    """Return the declared fields of one section."""
    return tuple(each for each in vars(keys).values() if isinstance(each, Field))


def _table(keys: type, *, leave_out: tuple[str, ...] = ()) -> dict[str, object]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": _properties(keys, leave_out=leave_out),
    }


def _properties(
    keys: type, *, leave_out: tuple[str, ...] = ()
) -> dict[str, dict[str, object]]:
    return {
        each.name: _property(each)
        for each in fields_of(keys)
        if each.name not in leave_out
    }


def _property(each: Field[object]) -> dict[str, object]:
    described: dict[str, object] = {**each.kind.schema, "description": each.doc}
    if each.default is not None:
        described["default"] = _plain(each.default)
        if described.get("type") == "string" and isinstance(each.default, float):
            # A duration is kept in seconds and written with its unit.
            described["default"] = f"{each.default:g}s"
    return described


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Decimal):
        return str(value)
    return value


def _named(values: dict[str, object]) -> dict[str, object]:
    return {"type": "object", "additionalProperties": values}
