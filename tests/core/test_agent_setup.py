"""One run's variables and arguments, and which agent a command line starts."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace

import pytest

from faregate.core.agent_setup import (
    Gate,
    agent_of_command,
    base_urls_only,
    models_named,
    set_up,
)
from faregate.core.agents import AGENTS, EVERYTHING, agent_named
from faregate.core.agents import Agent as AgentEntry

GATE = Gate(url="http://127.0.0.1:4747", token="fg-t0k3n", session="run-1")


def entry(name: str) -> AgentEntry:
    found = agent_named(name)
    assert found is not None
    return found


def test_claude_wants_no_v1_and_no_key_of_its_own() -> None:
    setup = set_up(entry("claude"), GATE)
    assert setup.env == {
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:4747/s/run-1",
        "ANTHROPIC_AUTH_TOKEN": "fg-t0k3n",
    }
    assert "ANTHROPIC_API_KEY" in setup.unset


def test_codex_gets_a_provider_table_that_toml_reads() -> None:
    setup = set_up(entry("codex"), GATE)
    assert setup.args[::2] == ("-c", "-c", "-c")
    settings = tomllib.loads("\n".join(setup.args[1::2]))
    assert settings["openai_base_url"] == "http://127.0.0.1:4747/s/run-1/v1"
    assert settings["model_provider"] == "faregate"
    table = settings["model_providers"]["faregate"]
    assert table["base_url"] == "http://127.0.0.1:4747/s/run-1/v1"
    assert table["wire_api"] == "responses"
    assert setup.env[table["env_key"]] == "fg-t0k3n"
    assert setup.env["CODEX_API_KEY"] == "fg-t0k3n"


def test_opencode_gets_a_configuration_that_json_reads() -> None:
    setup = set_up(entry("opencode"), GATE)
    assert setup.env["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:4747/s/run-1/v1"
    providers = json.loads(setup.env["OPENCODE_CONFIG_CONTENT"])["provider"]
    assert {name: each["options"]["baseURL"] for name, each in providers.items()} == {
        "openai": "http://127.0.0.1:4747/s/run-1/v1",
        "anthropic": "http://127.0.0.1:4747/s/run-1/v1",
        "google": "http://127.0.0.1:4747/s/run-1/v1beta",
        "faregate": "http://127.0.0.1:4747/s/run-1/v1",
    }
    assert providers["faregate"]["models"] == {}
    assert "fg-t0k3n" not in setup.env["OPENCODE_CONFIG_CONTENT"]


def test_opencode_is_told_of_models_that_it_does_not_know() -> None:
    command = ("opencode", "run", "-m", "faregate/deepseek/deepseek-v4", "hi")
    named = models_named((*command, "--model=faregate/auto", "faregate/"))
    assert named == ("deepseek/deepseek-v4", "auto")
    setup = set_up(entry("opencode"), replace(GATE, models=('odd"name', *named)))
    providers = json.loads(setup.env["OPENCODE_CONFIG_CONTENT"])["provider"]
    assert list(providers["faregate"]["models"]) == ['odd"name', *named]


def test_opencode_is_shown_with_a_model_of_ones_own() -> None:
    setup = set_up(entry("opencode"), replace(GATE, models=("auto", "zai/glm-5.3")))
    told = " ".join(setup.notes)
    assert "faregate env opencode --model zai/glm-5.3; then start: " in told
    assert "opencode -m faregate/zai/glm-5.3" in told
    example = " ".join(set_up(entry("opencode"), GATE).notes)
    assert "--model deepseek/deepseek-v4-flash; then start: opencode -m " in example


def test_what_a_shell_replaces_stays_in_the_notes() -> None:
    assert '-k "$OPENAI_API_KEY"' in " ".join(set_up(entry("cline"), GATE).notes)


def test_nothing_is_left_to_fill_in() -> None:
    for agent in (*AGENTS, EVERYTHING):
        setup = set_up(agent, GATE)
        for text in (*setup.env.values(), *setup.args):
            assert "$" not in text


def test_an_agent_without_a_name_is_named_by_the_url() -> None:
    shell = Gate(url="http://h:1", token="fg-x", workspace="web")
    assert set_up(entry("aider"), shell).env["OPENAI_BASE_URL"] == (
        "http://h:1/w/web/a/aider/v1"
    )
    assert set_up(entry("qwen"), shell).env["OPENAI_BASE_URL"] == "http://h:1/w/web/v1"
    assert set_up(entry("aider"), GATE).env["OPENAI_BASE_URL"] == (
        "http://127.0.0.1:4747/s/run-1/v1"
    )


def test_an_own_login_keeps_only_the_base_urls() -> None:
    kept = base_urls_only(set_up(entry("claude"), GATE), GATE.token)
    assert kept.env == {"ANTHROPIC_BASE_URL": "http://127.0.0.1:4747/s/run-1"}
    assert kept.unset == ()


@pytest.mark.parametrize(
    ("command", "name", "at"),
    [
        ("claude -p hi", "claude-code", 1),
        ("/usr/local/bin/codex exec", "codex", 1),
        ("C:\\tools\\codex.exe exec", "codex", 1),
        ("npx @openai/codex@latest exec", "codex", 2),
        ("npx -y @anthropic-ai/claude-code", "claude-code", 3),
        ("npm exec -- @google/gemini-cli -p x", "gemini-cli", 4),
        ("uvx --from aider-chat aider", "aider", 3),
        ("uvx aider-chat==0.86.2 --model m", "aider", 2),
        ("uv tool run llm", "llm", 4),
        ("pipx run mini-swe-agent", "mini-swe-agent", 3),
        ("python3 -m aider", "aider", 3),
        ("env -i HOME=/x npx opencode-ai run", "opencode", 5),
        ("pytest claude", None, 1),
        ("python tool.py claude", None, 2),
        ("npx", None, 1),
        ("bash -c claude", None, 1),
    ],
)
def test_the_agent_of_a_command_line(command: str, name: str | None, at: int) -> None:
    agent, index = agent_of_command(command.split())
    assert (agent.name if agent else None, index) == (name, at)
