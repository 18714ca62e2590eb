"""The list of routes, and the dry run of a request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from faregate.cli.exit_codes import ExitCode
from faregate.config.paths import Paths
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli
from tests.control import scenes

CONFIG = """
[providers.near]
kind = "openai"
base_url = "https://near.example/v1"
key_env = "NEAR_KEY"
[providers.far]
kind = "anthropic"
base_url = "https://far.example"
key_env = "FAR_KEY"
[prices."near/small"]
input = 1.0
output = 10.0
[prices."far/large"]
input = 3.0
output = 15.0
[routes.cheap]
models = ["auto"]
targets = ["near/small", "far/large"]
[routes.cheap.complexity]
tools = 1
[routes.cheap.target."near/small"]
max_output = 500
"""
TOOL = {"type": "function", "function": {"name": "f"}}


@pytest.fixture
def routed(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Paths:
    paths.config.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    paths.config.write_text(CONFIG)
    monkeypatch.setenv("NEAR_KEY", "sk-near")
    monkeypatch.setenv("FAR_KEY", "sk-far")
    return paths


def asks(folder: Path, **more: Any) -> str:
    file = folder / "request.json"
    body = {"model": "auto", "messages": [{"role": "user", "content": "hi"}], **more}
    file.write_text(json.dumps(body))
    return str(file)


def test_the_list(cli: Cli, routed: Paths) -> None:
    said = cli("routes")
    assert said.code == 0
    assert said.out.splitlines() == [
        "cheap: auto (ordered, sticky)",
        "  1. near/small (at most 500 output tokens)",
        "  2. far/large",
    ]
    (route,) = json.loads(cli("routes", "--json").out)["routes"]
    assert [each["target"] for each in route["targets"]] == ["near/small", "far/large"]


def test_without_routes_it_says_how_to_write_one(cli: Cli) -> None:
    said = cli("routes")
    assert said.code == 0
    assert "No routes are configured" in said.err
    assert json.loads(cli("routes", "--json").out) == {"routes": []}


def test_a_dry_run_says_where_a_request_goes(
    cli: Cli, routed: Paths, tmp_path: Path
) -> None:
    said = cli("routes", "--explain", asks(tmp_path))
    assert said.code == 0
    first, near, far = said.out.splitlines()
    assert first == "auto goes to route cheap (in the order of the route)"
    assert near.startswith("  1. near/small: about ")
    assert far.endswith(", translated")
    document = json.loads(cli("routes", "--explain", asks(tmp_path), "--json").out)
    assert document["route"] == "cheap"
    # Five hundred tokens of output and a little input.
    assert document["targets"][0]["hold"].startswith("0.005")


def test_a_complex_request_goes_elsewhere(
    cli: Cli, routed: Paths, tmp_path: Path
) -> None:
    said = cli("routes", "--explain", asks(tmp_path, tools=[TOOL]))
    assert "too complex by its tools" in said.out
    assert said.out.splitlines()[1].startswith("  1. far/large")


def test_a_target_without_a_key_is_passed_over(
    cli: Cli, routed: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEAR_KEY")
    said = cli("routes", "--explain", asks(tmp_path))
    assert said.code == 0
    assert "1. near/small: passed over: No key for near" in said.out
    monkeypatch.delenv("FAR_KEY")
    assert cli("routes", "--explain", asks(tmp_path)).code == ExitCode.FAILED


def test_keys_are_those_of_the_running_proxy(
    cli: Cli,
    routed: Paths,
    proxy: AskedProxy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The proxy was started elsewhere, with another key than this shell has.
    monkeypatch.delenv("FAR_KEY")
    proxy.snapshot = scenes.snapshot(told=scenes.setup(keys_found=["far"]))
    file = asks(tmp_path)
    said = cli("routes", "--explain", file)
    assert "1. near/small: passed over" in said.out
    assert "2. far/large: about" in said.out
    assert "keys are those that the running proxy has" in said.err
    told = json.loads(cli("routes", "--explain", file, "--json").out)
    assert told["keys"] == "proxy"


def test_without_a_proxy_it_says_where_keys_were_looked_for(
    cli: Cli, routed: Paths, tmp_path: Path
) -> None:
    with routed.config.open("a") as config:
        config.write(
            '[providers.safe]\nkind = "openai"\nbase_url = "https://s.example/v1"\n'
            'key_command = ["false"]\n[prices."safe/x"]\ninput = 1.0\noutput = 2.0\n'
        )
    file = asks(tmp_path)
    said = cli("routes", "--explain", file)
    assert "in this shell's environment" in said.err
    assert json.loads(cli("routes", "--explain", file, "--json").out)["keys"] == "shell"
    # What a command would give is not asked for, and not taken for missing.
    said = cli("routes", "--explain", file, "--model", "safe/x")
    assert "1. safe/x: about" in said.out


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        ("chat", {"model": "auto", "messages": []}),
        ("responses", {"model": "auto", "input": "hi"}),
        ("messages", {"model": "auto", "max_tokens": 9, "system": "s", "messages": []}),
        ("gemini", {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}),
    ],
)
def test_every_dialect_is_guessed(
    dialect: str, body: dict[str, Any], cli: Cli, routed: Paths, tmp_path: Path
) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps(body))
    document = json.loads(cli("routes", "--explain", str(file), "--json").out)
    assert document["route"] == "cheap"
    named = json.loads(
        cli("routes", "--explain", str(file), "--as", dialect, "--json").out
    )
    assert named == document


def test_another_model_can_be_named(cli: Cli, routed: Paths, tmp_path: Path) -> None:
    said = cli("routes", "--explain", asks(tmp_path), "--model", "far/large")
    assert said.out.startswith("far/large goes to its own provider (by its name)")
    nowhere = cli("routes", "--explain", asks(tmp_path), "--model", "zzz")
    assert nowhere.code == ExitCode.FAILED
    assert "no provider is known" in nowhere.out


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "no JSON"), ("[]", "no JSON object"), ('{"model": 3}', "not valid")],
)
def test_what_is_no_request(
    text: str, said: str, cli: Cli, routed: Paths, tmp_path: Path
) -> None:
    file = tmp_path / "bad.json"
    file.write_text(text)
    answer = cli("routes", "--explain", str(file))
    assert answer.code == ExitCode.USAGE
    assert said in answer.err
    missing = cli("routes", "--explain", str(tmp_path / "none"))
    assert missing.code == ExitCode.USAGE


def test_the_list_says_when_a_route_escalates(cli: Cli, routed: Paths) -> None:
    text = CONFIG.replace(
        'targets = ["near/small", "far/large"]\n',
        'targets = ["near/small", "far/large"]\n'
        'escalate_on = ["empty", "tool_schema"]\nvalidate = true\n',
    )
    routed.config.write_text(text)
    first = cli("routes").out.splitlines()[0]
    assert first.endswith("escalates on empty, tool_schema, checks answers first)")
    (route,) = json.loads(cli("routes", "--json").out)["routes"]
    assert (route["escalate_on"], route["validate"]) == (["empty", "tool_schema"], True)
