"""From names on a command line to targets that can be asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from faregate.config.load import load
from faregate.config.paths import Paths, find_paths
from faregate.core.money import ZERO, Money
from faregate.smoke.context import Profile
from faregate.smoke_run import SmokeAsk, SmokeConfigError, SmokeTest, _nonce

CONFIG = """
[budget]
unpriced = "{unpriced}"
[providers.own]
kind = "openai"
base_url = "https://own.example/v1"
key_env = "OWN_SMOKE_KEY"
[providers.llamacpp]
base_url = "http://127.0.0.1:18099/v1"
[prices."own/m"]
input = 1.0
output = 10.0
[prices."own/glob-*"]
input = 1.0
output = 10.0
[models."llamacpp/tiny"]
context = 4096
[routes.fast]
models = ["quick-one"]
targets = ["own/m"]
{more}
"""


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("FAREGATE_HOME", str(home))
    monkeypatch.setenv("OWN_SMOKE_KEY", "sk-own-key-1")
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "DEEPSEEK_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    found = find_paths()
    write(found)
    return found


def write(paths: Paths, *, unpriced: str = "deny", more: str = "") -> None:
    text = CONFIG.format(unpriced=unpriced, more=more)
    paths.config.write_text(text, encoding="utf-8")


def prepared(paths: Paths, *names: str, **more: object) -> SmokeTest:
    ask = SmokeAsk(names=names, max_cost=Money.usd(1), **more)  # type: ignore[arg-type]
    return SmokeTest(load(paths), paths, ask)


def names_of(test: SmokeTest) -> list[str]:
    return [target.name for target in test.plan.targets]


def test_names_lead_to_targets(paths: Paths) -> None:
    assert names_of(prepared(paths, "own/m")) == ["own/m"]
    assert names_of(prepared(paths, "own")) == ["own/m"]
    assert names_of(prepared(paths, "quick-one")) == ["own/m"]
    assert names_of(prepared(paths, "fast")) == ["own/m"]
    assert names_of(prepared(paths, "own/m", "own", "fast")) == ["own/m"]
    assert names_of(prepared(paths, "llamacpp")) == ["llamacpp/tiny"]
    assert names_of(prepared(paths, "ollama")) == ["ollama"]


def test_without_names_all_that_is_configured(paths: Paths) -> None:
    assert names_of(prepared(paths)) == ["own/m", "llamacpp/tiny"]


def test_what_has_no_key_is_left_out_unless_named(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OWN_SMOKE_KEY")
    assert names_of(prepared(paths)) == ["llamacpp/tiny"]
    with pytest.raises(SmokeConfigError, match="OWN_SMOKE_KEY"):
        prepared(paths, "own/m")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nobody/x", "names no target"),
        ("opnai/x", "openai"),
        ("deepseek", "deepseek/"),
        ("own/dear", r"\[prices"),
    ],
)
def test_names_that_lead_nowhere(paths: Paths, name: str, words: str) -> None:
    with pytest.raises(SmokeConfigError, match=words):
        prepared(paths, name)


def test_a_model_without_a_price(paths: Paths) -> None:
    write(paths, unpriced="allow")
    assert prepared(paths, "own/dear").plan.targets[0].prices.row is None
    write(paths, unpriced="dearest")
    row = prepared(paths, "own/dear").plan.targets[0].prices.row
    assert row is not None
    assert row.source.startswith("dearest")


def test_the_target_knows_its_price_its_key_and_its_window(paths: Paths) -> None:
    own = prepared(paths, "own/m").plan.targets[0]
    assert own.prices.metered
    assert own.secret == "sk-own-key-1"
    assert "sk-own" not in repr(own)
    local = prepared(paths, "llamacpp").plan.targets[0]
    assert not local.prices.metered
    assert local.secret is None
    assert local.prices.facts.context == 4096


def test_the_protocol_can_be_chosen(paths: Paths) -> None:
    first = prepared(paths, "own/m").plan.targets[0]
    assert first.dialect.protocol == "openai_chat"
    with pytest.raises(SmokeConfigError, match="it speaks openai_chat"):
        prepared(paths, "own/m", protocol="gemini")


def test_the_estimate_grows_with_profile_and_reference(paths: Paths) -> None:
    quick = prepared(paths, "own/m").estimate
    full = prepared(paths, "own/m", profile=Profile.FULL).estimate
    assert ZERO < quick < full
    assert quick < Money.usd("0.03")
    assert prepared(paths, "llamacpp").estimate == ZERO
    same = prepared(paths, "own/m", reference="own/m").estimate
    assert same == quick


def test_each_run_has_a_code_of_its_own() -> None:
    assert len({_nonce() for _ in range(50)}) > 30
    assert all(len(_nonce().split("-")) == 2 for _ in range(5))
