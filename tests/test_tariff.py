"""Prices as the gate looks them up: one's own, the bundled ones, none."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.core.routing import Target
from faregate.tariff import Tariff

CONFIG = """
[providers.sim]
kind = "openai"
base_url = "http://127.0.0.1:9/v1"
key_env = "FAREGATE_TEST_KEY"
[providers.here]
kind = "openai"
base_url = "http://127.0.0.1:9/v1"
[providers.flat]
kind = "openai"
base_url = "https://flat.example/v1"
billing = "subscription"
[prices."sim/own"]
input = 1.5
output = 6
[prices."anthropic/claude-opus-4-6"]
input = 4
output = 20
[models."here/tiny"]
context = 4096
max_output = 512
"""
AT = date(2026, 11, 23)


@pytest.fixture
def tariff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tariff:
    monkeypatch.delenv("FAREGATE_TEST_KEY", raising=False)
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "config.toml").write_text(CONFIG)
    return Tariff(load(find_paths({"FAREGATE_HOME": str(home)})), AT)


def target(text: str) -> Target:
    provider, _, model = text.partition("/")
    return Target(provider=provider, model=model)


def source(tariff: Tariff, text: str) -> str | None:
    row = tariff.offer(target(text)).row
    return None if row is None else row.source


def test_ones_own_price_goes_first(tariff: Tariff) -> None:
    assert source(tariff, "sim/own") == "config"
    assert source(tariff, "anthropic/claude-opus-4-6") == "config"
    assert (
        source(tariff, "anthropic/claude-sonnet-4-5") == f"bundled {tariff.generated}"
    )
    assert source(tariff, "sim/other") is None


def test_a_flat_rate_costs_nothing_a_token(tariff: Tariff) -> None:
    assert source(tariff, "flat/anything") == "subscription"
    assert source(tariff, "here/tiny") is None


def test_facts_are_told_with_the_price(tariff: Tariff) -> None:
    facts = tariff.offer(target("here/tiny")).facts
    assert (facts.context, facts.max_output) == (4096, 512)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("sim/own", ["sim/own"]),
        ("sim/other", []),
        ("SIM/OWN", ["sim/own"]),
        ("here", ["here/tiny"]),
        ("opus-4-6", ["anthropic/claude-opus-4-6"]),
        ("nosuchmodel", []),
    ],
)
def test_models_are_found(tariff: Tariff, pattern: str, expected: list[str]) -> None:
    found = [str(each) for each in tariff.find([pattern])]
    assert [name for name in found if "/" not in name.partition("/")[2]] == expected


def test_a_dated_name_is_found_though_it_is_not_listed(tariff: Tariff) -> None:
    assert tariff.find(["anthropic/claude-sonnet-4-5-20250929"]) == [
        target("anthropic/claude-sonnet-4-5-20250929")
    ]


def test_each_is_found_once(tariff: Tariff) -> None:
    assert len(tariff.find(["sim", "sim/own", "own"])) == len(
        set(tariff.find(["sim", "sim/own", "own"]))
    )


def test_only_who_has_a_key_or_needs_none_is_usable(
    tariff: Tariff, monkeypatch: pytest.MonkeyPatch
) -> None:
    usable = {str(each) for each in tariff.usable()}
    assert "here/tiny" in usable
    assert "sim/own" not in usable
    monkeypatch.setenv("FAREGATE_TEST_KEY", "sk-x")
    assert "sim/own" in {str(each) for each in tariff.usable()}
