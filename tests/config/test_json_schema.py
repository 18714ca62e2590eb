"""The schema is made from the same list of keys that reading uses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from faregate.config import capture_keys, route_keys, schema
from faregate.config.json_schema import fields_of, json_schema
from faregate.config.problems import ConfigError
from faregate.config.settings import Settings

SECTIONS: dict[str, tuple[type, str]] = {
    "[server]": (schema.ServerKeys, "server"),
    "[budget]": (schema.BudgetKeys, "budget"),
    "[[budgets]]": (schema.BudgetsKeys, "budgets"),
    "[providers.openai]": (schema.ProviderKeys, "providers"),
    '[models."openai/x"]': (schema.ModelKeys, "models"),
    '[prices."openai/x"]': (schema.PriceKeys, "prices"),
    "[routes.a]": (route_keys.RouteKeys, "routes"),
    "[routes.a.complexity]": (route_keys.ComplexityKeys, "routes"),
    '[routes.a.target."openai/x"]': (route_keys.RouteTargetKeys, "routes"),
    "[retries]": (route_keys.RetryKeys, "retries"),
    "[capture]": (capture_keys.CaptureKeys, "capture"),
    "[theme]": (schema.ThemeKeys, "theme"),
    "[ledger]": (schema.LedgerKeys, "ledger"),
}


def test_it_is_one_json_document() -> None:
    document = json.loads(json.dumps(json_schema()))
    assert document["additionalProperties"] is False
    server = document["properties"]["server"]["properties"]
    assert server["port"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 65535,
        "description": "the port that agents use",
        "default": 4747,
    }
    assert document["properties"]["budget"]["properties"]["alerts"]["default"] == [
        50,
        80,
    ]


def test_a_default_is_of_its_own_type() -> None:
    sections = json_schema()["properties"]
    assert isinstance(sections, dict)
    drain = sections["server"]["properties"]["drain"]
    assert re.fullmatch(drain["pattern"], drain["default"])


def test_every_key_has_a_meaning() -> None:
    for keys, _ in SECTIONS.values():
        assert fields_of(keys)
        assert all(field.doc for field in fields_of(keys))


@pytest.mark.parametrize("header", SECTIONS)
def test_each_declared_key_is_known_to_reading_and_no_other(
    header: str, configured: Callable[[str], Settings]
) -> None:
    keys, section = SECTIONS[header]
    names = [field.name for field in fields_of(keys) if field.name != "above_input"]
    # A value of no kind at all: each key must be refused for its value.
    lines = "\n".join(f"{name} = 1979-05-27" for name in [*names, "zzz"])
    with pytest.raises(ConfigError) as caught:
        configured(f"{header}\n{lines}\n")
    said = {
        problem.key.rpartition(".")[2]: problem.message
        for problem in caught.value.problems
        if problem.key.startswith(section)
    }
    assert "would do nothing" in said.pop("zzz")
    assert not [key for key, message in said.items() if "do nothing" in message]
    assert set(names) <= set(said)


DOCUMENT = Path(__file__).parents[2] / "docs" / "config.md"
_TOLD = re.compile(r"^\| `(\w+)` \| (.*?) \| (.*) \|$", re.MULTILINE)


def tables(name: str, found: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each table of the schema with its keys, by the heading it has."""
    yield name, found["properties"]
    for key, value in found["properties"].items():
        below = value if "properties" in value else None
        for one in ("items", "additionalProperties"):
            if isinstance(value.get(one), dict) and "properties" in value[one]:
                below = value[one]
        if below is None:
            continue
        path = f"{name}.{key}".removeprefix(".")
        several = f"[{path}]" if "items" in value else path
        yield from tables(path if below is value else several, below)


def test_every_key_is_documented_as_it_is_read() -> None:
    known = {
        (key, _shown(field.get("default")), field.get("description"))
        for name, fields in tables("", json_schema())
        for key, field in fields.items()
        if name
    }
    told = set(_TOLD.findall(DOCUMENT.read_text(encoding="utf-8")))
    assert {each for each in known if each[2]} - told == set()
    assert {key for key, _, _ in told} <= {key for key, _, _ in known}


def _shown(default: object) -> str:
    return "" if default is None else f"`{json.dumps(default)}`"
