"""Providers and whether each has a key; never the key."""

from __future__ import annotations

import json

import pytest

from faregate.config.paths import Paths
from faregate.providers.registry import PROVIDERS
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli


def test_only_those_with_a_key_are_listed(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    result = cli("providers")
    assert result.code == 0
    assert [line.split()[:3] for line in result.out.splitlines()[1:]] == [
        ["openai", "yes", "OPENAI_API_KEY"]
    ]
    assert "sk-canary" not in result.out + result.err
    assert f"{len(PROVIDERS) - 1} more are known" in result.err


def test_none_has_a_key(cli: Cli) -> None:
    assert cli("providers").out == "no provider has a key\n"


def test_all_and_json(cli: Cli, paths: Paths) -> None:
    paths.config.write_text(
        '[providers.mine]\nkind = "openai"\nbase_url = "https://h.example/v1"\n'
        'key_command = ["false"]\n'
    )
    assert len(cli("providers", "--all").out.splitlines()) == len(PROVIDERS) + 2
    rows = json.loads(cli("providers", "--json").out)["providers"]
    mine = next(row for row in rows if row["name"] == "mine")
    assert mine == {
        "name": "mine",
        "title": "mine",
        "key": False,
        "key_source": "key_command",
        "base_url": "https://h.example/v1",
        "protocols": ["openai_chat"],
        "billing": "metered",
        "configured": True,
    }


def test_a_running_proxy_knows_better(cli: Cli, proxy: AskedProxy) -> None:
    rows = json.loads(cli("providers", "--json").out)["providers"]
    having = {row["name"] for row in rows if row["key"]}
    assert having == {"anthropic", "openrouter"}


def test_our_own_token_in_the_environment_is_told(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "fg-local")
    result = cli("providers")
    assert "OPENAI_API_KEY holds a token of Faregate" in result.err
