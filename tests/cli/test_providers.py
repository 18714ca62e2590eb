"""Providers and whether each has a key; never the key."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from faregate.cli.exit_codes import ExitCode
from faregate.config.load import load
from faregate.config.paths import Paths
from faregate.control.rests import AskedAgain
from faregate.control.smoke_runs import SmokeProbe, SmokeRunView, VerdictText
from faregate.providers.registry import PROVIDERS
from faregate.smoke_history import History
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli
from tests.control import scenes


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
    result = cli("providers")
    assert result.out == "no provider has a key\n"
    assert f"faregate: {len(PROVIDERS)} are known" in result.err


def test_a_server_on_this_machine_needs_no_key(cli: Cli) -> None:
    result = cli("providers", "ollama", "openai").out.splitlines()
    assert [line.split()[1:3] for line in result[1:]] == [
        ["no", "need"], ["no", "OPENAI_API_KEY"]
    ]  # fmt: skip


def test_what_is_wrong_with_this_shell_is_no_matter_to_a_running_proxy(
    cli: Cli, proxy: AskedProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:4747/v1")
    assert "OPENAI_BASE_URL" not in cli("providers").err


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
        "keyless": False,
        "key_source": "key_command",
        "base_url": "https://h.example/v1",
        "protocols": ["openai_chat"],
        "billing": "metered",
        "configured": True,
        "region": "",
        "regions": [],
        "signup": "",
        "notes": ["does not tell an ordinary key what is left"],
        "balance": None,
        "last_smoke": None,
    }


def test_who_rests_is_told_whole_and_can_be_asked_at_once(
    cli: Cli, proxy: AskedProxy
) -> None:
    tired = scenes.provider(
        "deepseek",
        breaker="open",
        last_error="deepseek-v4-flash: its wallet or quota is empty",
        rests_until=scenes.at(-43),
    )
    status = replace(proxy.snapshot.status, providers=[tired])
    proxy.snapshot = replace(proxy.snapshot, status=status)
    told = cli("providers").err
    assert "faregate: deepseek rests 43s more" in told
    assert " more: deepseek-v4-flash: its wallet or quota is empty. At once: " in told
    assert "faregate providers deepseek --ask-again" in told
    proxy.answers["POST /v1/providers/again"] = AskedAgain(providers=["deepseek"])
    result = cli("providers", "deepseek", "--ask-again")
    assert (result.code, result.out) == (0, "deepseek is asked by the next request\n")
    assert proxy.asked("/v1/providers/again") == [{"providers": ["deepseek"]}]
    assert json.loads(cli("providers", "--ask-again", "--json").out) == {
        "providers": ["deepseek"]
    }
    proxy.answers["POST /v1/providers/again"] = AskedAgain(providers=[])
    assert cli("providers", "--ask-again").out == "no provider rests\n"
    assert cli("providers", "openai", "--ask-again").out == "none of them rests\n"


def test_without_a_proxy_nobody_rests(cli: Cli) -> None:
    result = cli("providers", "--ask-again")
    assert result.code == ExitCode.UNREACHABLE
    assert "faregate up" in result.err


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


def keep(paths: Paths, *runs: SmokeRunView) -> None:
    History(load(paths), paths).keep(runs)


def smoked(at: str, readiness: str = "READY", **verdicts: VerdictText) -> SmokeRunView:
    return SmokeRunView(
        run=at,
        at=f"2026-11-23T{at}:00Z",
        target="deepseek/deepseek-flash",
        protocol="openai_chat",
        profile="quick",
        readiness=readiness,
        cost="0",
        probes=[
            SmokeProbe(id=name, title=name, group="chat", verdict=verdict)
            for name, verdict in verdicts.items()
        ],
    )


def test_the_last_smoke_test_and_its_cause_are_listed(cli: Cli, paths: Paths) -> None:
    keep(
        paths,
        smoked("10:40"),
        smoked("11:40", "NOT READY", basic="PASS", tool="FAIL", usage="FAIL"),
    )
    line = cli("providers", "deepseek").out.splitlines()[1]
    assert "NOT READY (tool)" in line
    (row,) = json.loads(cli("providers", "deepseek", "--json").out)["providers"]
    assert row["last_smoke"] == {
        "target": "deepseek/deepseek-flash",
        "at": "2026-11-23T11:40:00.000Z",
        "profile": "quick",
        "readiness": "NOT READY",
        "cause": "tool",
    }


def test_protocols_and_regions_are_listed(cli: Cli, paths: Paths) -> None:
    paths.config.write_text('[providers.dashscope]\nregion = "us"\n')
    assert cli("providers", "dashscope").out.splitlines()[1].split()[3:5] == [
        "chat",
        "us",
    ]
    (row,) = json.loads(cli("providers", "moonshot", "--json").out)["providers"]
    assert (row["region"], row["regions"]) == ("intl", ["cn", "intl"])


def test_an_unknown_provider_is_refused_with_a_guess(cli: Cli) -> None:
    result = cli("providers", "deepsek")
    assert result.code == 2
    assert "deepseek" in result.err


def test_signup_notes_come_from_the_catalogue(cli: Cli) -> None:
    out = cli("providers", "--check-signup", "dashscope", "deepseek").out
    assert "modelstudio.console.alibabacloud.com" in out
    assert "cn, hk, intl, us" in out
    assert "deepseek-chat is retired: use deepseek-flash" in out
    assert cli("providers", "--check-signup").out.count("  sign up ") == len(PROVIDERS)


def test_a_balance_is_asked_for_only_on_request_and_only_at_the_vendor(
    cli: Cli, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-canary-0123456789")
    paths.config.write_text(
        '[providers.deepseek]\nbase_url = "http://127.0.0.1:9/v1"\n'
    )
    assert "BALANCE" not in cli("providers").out
    out = cli("providers", "--balance").out
    assert "BALANCE" in out
    assert "the base URL is not where its balance is kept" in out
    (row,) = json.loads(cli("providers", "deepseek", "--balance", "--json").out)[
        "providers"
    ]
    assert row["balance"]["remaining"] is None
