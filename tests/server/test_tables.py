from __future__ import annotations

from pathlib import Path

import pytest

from faregate.config.keys import FoundKey, Keys
from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.config.settings import Settings
from faregate.core.routing import NoTarget, Target, resolve
from faregate.core.secret import Secret
from faregate.server.tables import listed_models, price_table, routing_table

CONFIG = """
[providers.house]
kind = "openai"
base_url = "http://127.0.0.1:8000/v1"
key_env = "HOUSE_KEY"
[prices."house/tiny"]
input = 1.0
output = 2.0
[models."house/vast"]
context = 1000
[models."house/shared"]
context = 1000
[models."openai/shared"]
context = 1000
[prices."openai/gpt-5"]
input = 99
output = 100
[routes.quick]
models = ["fast", "gpt-route"]
targets = ["house/tiny"]
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    tmp_path.chmod(0o700)
    (tmp_path / "config.toml").write_text(CONFIG)
    return load(find_paths({"FAREGATE_HOME": str(tmp_path)}))


def keys(*names: str) -> Keys:
    return Keys(
        found={name: FoundKey(secret=Secret("sk-x"), source="test") for name in names}
    )


def test_a_persons_own_price_stands_before_the_bundled_one(settings: Settings) -> None:
    table = price_table(settings)
    assert "tiny" in table.models("house")
    assert table.facts("house", "vast").context == 1000
    assert len(table.models("anthropic")) > 3


@pytest.mark.parametrize(
    ("model", "provider", "served"),
    [
        ("house/anything", "house", "anything"),
        ("tiny", "house", "tiny"),
        ("vast", "house", "vast"),
        ("fast", "house", "tiny"),
        ("quick", "house", "tiny"),
        ("claude-opus-4-8", "anthropic", "claude-opus-4-8"),
        ("anthropic/claude-opus-4-8", "anthropic", "claude-opus-4-8"),
    ],
)
def test_names_lead_to_targets(
    settings: Settings, model: str, provider: str, served: str
) -> None:
    target = resolve(model, routing_table(settings))
    assert isinstance(target, Target)
    assert (target.provider, target.model) == (provider, served)


def test_a_name_of_two_providers_leads_to_neither(settings: Settings) -> None:
    found = resolve("shared", routing_table(settings))
    assert isinstance(found, NoTarget)
    assert set(found.candidates) == {"house", "openai"}


def test_the_list_names_what_can_be_asked_for(settings: Settings) -> None:
    prices = price_table(settings)
    names = [m.name for m in listed_models(settings, keys("house"), prices)]
    assert names[:2] == ["fast", "gpt-route"]
    assert set(names[2:]) == {"house/tiny", "house/vast", "house/shared"}
    names = [m.name for m in listed_models(settings, keys("anthropic"), prices)]
    assert "anthropic/claude-opus-4-8" in names
    assert len(set(names)) == len(names)


def test_a_provider_without_a_key_is_not_listed(settings: Settings) -> None:
    prices = price_table(settings)
    listed = listed_models(settings, keys(), prices)
    assert {model.provider for model in listed} == {"house"}
    assert {model.name for model in listed} == {"fast", "gpt-route"}


def test_a_local_provider_needs_no_key_to_be_listed(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "config.toml").write_text(
        '[providers.ollama]\nkind = "openai"\n'
        'base_url = "http://127.0.0.1:11434/v1"\n'
        '[models."ollama/llama3:8b"]\ncontext = 8192\n'
    )
    settings = load(find_paths({"FAREGATE_HOME": str(tmp_path)}))
    listed = listed_models(settings, keys(), price_table(settings))
    assert [model.name for model in listed] == ["ollama/llama3:8b"]


def test_a_name_that_stands_for_many_is_not_listed(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "config.toml").write_text(
        '[routes.r]\nmodels = ["auto", "gpt-*"]\ntargets = ["openai/gpt-5"]\n'
    )
    settings = load(find_paths({"FAREGATE_HOME": str(tmp_path)}))
    listed = listed_models(settings, keys(), price_table(settings))
    assert [model.name for model in listed] == ["auto"]
