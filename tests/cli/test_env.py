"""Lines for a shell: golden for each agent, and safe to eval."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess

import pytest

from faregate.cli.exit_codes import ExitCode
from faregate.config.paths import Paths
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli
from tests.control import scenes

ROOT = "http://127.0.0.1:4747"
TOKEN = "fg-t0k3n"
OPENAI = [
    f"export OPENAI_BASE_URL={ROOT}/v1",
    f"export OPENAI_API_KEY={TOKEN}",
]
ANTHROPIC = [
    f"export ANTHROPIC_BASE_URL={ROOT}",
    f"export ANTHROPIC_API_KEY={TOKEN}",
]
GEMINI = [
    f"export GOOGLE_GEMINI_BASE_URL={ROOT}",
    f"export GEMINI_API_KEY={TOKEN}",
]
GEMINI_UNSET = [
    "unset GOOGLE_API_KEY",
    "unset GOOGLE_GENAI_USE_VERTEXAI",
    "unset GOOGLE_GENAI_USE_GCA",
    "unset GOOGLE_VERTEX_BASE_URL",
]


SHELLS = [name for name in ("sh", "bash", "dash", "zsh") if shutil.which(name)]


def labelled(lines: list[str], agent: str) -> list[str]:
    return [line.replace(ROOT, f"{ROOT}/a/{agent}") for line in lines]


GOLDEN: dict[str, list[str]] = {
    "": [*OPENAI, *ANTHROPIC, *GEMINI],
    "claude": [
        "unset ANTHROPIC_API_KEY",
        "unset CLAUDE_CODE_OAUTH_TOKEN",
        "unset CLAUDE_CODE_USE_BEDROCK",
        "unset CLAUDE_CODE_USE_VERTEX",
        "unset CLAUDE_CODE_USE_FOUNDRY",
        f"export ANTHROPIC_BASE_URL={ROOT}",
        f"export ANTHROPIC_AUTH_TOKEN={TOKEN}",
    ],
    "codex": [
        *OPENAI,
        f"export CODEX_API_KEY={TOKEN}",
        "codex() { command codex "
        f"-c 'openai_base_url=\"{ROOT}/v1\"' "
        "-c 'model_provider=\"faregate\"' "
        "-c 'model_providers.faregate={"
        f'name="Faregate",base_url="{ROOT}/v1",'
        'env_key="OPENAI_API_KEY",wire_api="responses"}\' "$@"; }',
    ],
    "opencode": [
        *OPENAI,
        f"export ANTHROPIC_BASE_URL={ROOT}/v1",
        f"export ANTHROPIC_API_KEY={TOKEN}",
        f"export GOOGLE_GENERATIVE_AI_API_KEY={TOKEN}",
        'export OPENCODE_CONFIG_CONTENT=\'{"provider":{"openai":{"options":'
        f'{{"baseURL":"{ROOT}/v1","apiKey":"{{env:OPENAI_API_KEY}}"}}}},'
        '"anthropic":{"options":'
        f'{{"baseURL":"{ROOT}/v1","apiKey":"{{env:ANTHROPIC_API_KEY}}"}}}},'
        '"google":{"options":'
        f'{{"baseURL":"{ROOT}/v1beta",'
        '"apiKey":"{env:GOOGLE_GENERATIVE_AI_API_KEY}"}},'
        '"faregate":{"npm":"@ai-sdk/openai-compatible","name":"Faregate","options":'
        f'{{"baseURL":"{ROOT}/v1","apiKey":"{{env:OPENAI_API_KEY}}"}},'
        '"models":{}}}}\'',
    ],
    "gemini": [*GEMINI_UNSET, *GEMINI],
    "qwen": [*OPENAI, 'qwen() { command qwen --auth-type openai "$@"; }'],
    "cline": labelled(OPENAI, "cline"),
    "cn": labelled(OPENAI, "continue"),
    "aider": labelled(
        [
            *OPENAI,
            f"export OPENAI_API_BASE={ROOT}/v1",
            *ANTHROPIC,
            f"export ANTHROPIC_API_BASE={ROOT}",
        ],
        "aider",
    ),
    "mini": labelled(
        [
            *OPENAI,
            f"export OPENAI_API_BASE={ROOT}/v1",
            *ANTHROPIC,
            f"export ANTHROPIC_API_BASE={ROOT}",
            "export MSWEA_COST_TRACKING=ignore_errors",
        ],
        "mini-swe-agent",
    ),
    "llm": labelled(OPENAI, "llm"),
    "openai": OPENAI,
    "anthropic": ["unset ANTHROPIC_AUTH_TOKEN", *ANTHROPIC],
    "google-genai": [*GEMINI_UNSET, *GEMINI],
    "openai-agents": [*OPENAI, "export OPENAI_AGENTS_DISABLE_TRACING=1"],
    "pydantic-ai": [*OPENAI, *ANTHROPIC],
    "langchain": labelled(
        [*OPENAI, f"export OPENAI_API_BASE={ROOT}/v1", *ANTHROPIC], "langchain"
    ),
    "litellm": [
        *OPENAI,
        f"export OPENAI_API_BASE={ROOT}/v1",
        *ANTHROPIC,
        f"export ANTHROPIC_API_BASE={ROOT}",
    ],
    "smolagents": labelled(
        [*OPENAI, f"export OPENAI_API_BASE={ROOT}/v1"], "smolagents"
    ),
}


@pytest.mark.parametrize("agent", GOLDEN)
def test_the_lines_of_each_agent(agent: str, cli: Cli, proxy: AskedProxy) -> None:
    result = cli("env", *([agent] if agent else []))
    assert result.code == 0
    assert result.out.splitlines() == GOLDEN[agent]
    assert all(line.startswith("# ") for line in result.err.splitlines())


@pytest.mark.parametrize("agent", ["codex", "gemini", "cline", "cn", "qwen", "aider"])
def test_what_variables_cannot_do_is_said(
    agent: str, cli: Cli, proxy: AskedProxy
) -> None:
    assert cli("env", agent).err.startswith("# ")


def test_a_workspace_goes_into_the_url(cli: Cli, proxy: AskedProxy) -> None:
    lines = cli("env", "aider", "--workspace", "web").out
    assert f"export OPENAI_BASE_URL={ROOT}/w/web/a/aider/v1" in lines
    assert cli("env", "-w", "a b").code == ExitCode.USAGE
    assert cli("env", "-w", "../x").code == ExitCode.USAGE


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("agent", ["", "codex", "opencode", "claude"])
def test_a_shell_understands_the_lines(
    shell: str, agent: str, cli: Cli, proxy: AskedProxy
) -> None:
    arguments = [agent] if agent else []
    lines = cli("env", *arguments).out
    wanted = json.loads(cli("env", *arguments, "--json").out)
    script = f"{lines}\nenv -0"
    done = subprocess.run(
        [shell, "-euc", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], "ANTHROPIC_API_KEY": "sk-real"},
    )
    found = dict(item.split("=", 1) for item in done.stdout.split("\0") if item)
    assert wanted["env"].items() <= found.items()
    assert not set(wanted["unset"]) & set(found)


def test_opencode_knows_ones_routes_and_what_is_named(
    cli: Cli, proxy: AskedProxy, paths: Paths
) -> None:
    paths.config.write_text(
        '[routes.coder]\nmodels = ["auto", "gpt-*"]\n'
        'targets = ["openai/gpt-5.1", "anthropic/claude-opus-4-6"]\n'
    )
    asked = ("env", "opencode", "--model", "faregate/deepseek/x", "--model", "a/b")
    made = json.loads(cli(*asked, "--json").out)["env"]["OPENCODE_CONFIG_CONTENT"]
    assert list(json.loads(made)["provider"]["faregate"]["models"]) == [
        "auto",
        "openai/gpt-5.1",
        "anthropic/claude-opus-4-6",
        "deepseek/x",
        "a/b",
    ]
    paths.config.write_text("nonsense")
    assert cli("env", "opencode").code == 0


def test_a_proxy_without_any_key_is_told(cli: Cli, proxy: AskedProxy) -> None:
    proxy.snapshot = scenes.snapshot(told=scenes.setup(keys_found=[]))
    told = cli("env", "claude")
    assert told.code == 0
    assert "# The proxy has no provider's key yet, and refuses until" in told.err
    assert "export ANTHROPIC_API_KEY=... (or that of another provider" in told.err
    proxy.snapshot = scenes.snapshot(told=scenes.setup(keys_found=["zai"]))
    assert "no provider's key" not in cli("env", "claude").err


def test_a_server_of_ones_own_needs_no_key(
    cli: Cli, proxy: AskedProxy, paths: Paths
) -> None:
    proxy.snapshot = scenes.snapshot(told=scenes.setup(keys_found=[]))
    paths.config.write_text('[providers.ollama]\nkind = "openai"\n')
    assert "no provider's key" not in cli("env", "claude").err


def test_values_are_quoted_for_each_shell(cli: Cli, proxy: AskedProxy) -> None:
    for line in cli("env", "opencode").out.splitlines():
        words = shlex.split(line)
        assert len(words) == 2
    fish = cli("env", "codex", "--shell", "fish").out.splitlines()
    assert fish[0] == f"set -gx OPENAI_BASE_URL '{ROOT}/v1'"
    assert fish[-1].startswith("function codex; command codex '-c' ")
    assert fish[-1].endswith(" $argv; end")


def test_without_a_proxy_the_configured_address_is_used(cli: Cli, paths: Paths) -> None:
    paths.config.write_text("[server]\nport = 4799\n")
    paths.token.write_text("fg-kept\n")
    paths.token.chmod(0o600)
    result = cli("env", "openai")
    assert result.out.splitlines() == [
        "export OPENAI_BASE_URL=http://127.0.0.1:4799/v1",
        "export OPENAI_API_KEY=fg-kept",
    ]
    assert "faregate up" in result.err


def test_before_the_first_start_there_is_no_token(cli: Cli) -> None:
    result = cli("env")
    assert result.code == ExitCode.UNREACHABLE
    assert result.out.splitlines() == [
        OPENAI[0], ANTHROPIC[0], GEMINI[0], "false"
    ]  # fmt: skip
    assert "faregate up" in result.err


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("agent", ["", "claude", "codex", "no-such-agent"])
def test_an_agent_after_a_failed_env_does_not_start_past_the_gate(
    shell: str, agent: str, cli: Cli, paths: Paths
) -> None:
    lines = cli("env", *([agent] if agent else [])).out
    script = f"eval {shlex.quote(lines)} && echo started; echo $ANTHROPIC_BASE_URL"
    done = subprocess.run(
        [shell, "-c", script], capture_output=True, text=True, check=True, env={}
    )
    url = ROOT if agent in ("", "claude") else ""
    assert done.stdout == f"{url}\n"


def test_a_broken_configuration_fails_the_eval(cli: Cli, paths: Paths) -> None:
    paths.config.write_text("nonsense")
    assert cli("env", "claude").out == "false\n"
    assert "error" in json.loads(cli("env", "claude", "--json").out)


def test_a_token_that_others_can_read_is_not_used(
    cli: Cli, proxy: AskedProxy, paths: Paths
) -> None:
    paths.token.chmod(0o644)
    result = cli("env")
    assert result.code == ExitCode.USAGE
    assert "chmod 600" in result.err
    assert result.out == "false\n"


def test_inside_a_run_its_own_token_is_all_there_is(
    cli: Cli, proxy: AskedProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAREGATE_SESSION", "s1")
    monkeypatch.setenv("SOME_KEY", "fg-of-the-run")
    result = cli("env", "claude")
    assert "fg-of-the-run" in result.out
    assert "fg-t0k3n" not in result.out + result.err
    monkeypatch.delenv("SOME_KEY")
    result = cli("env", "claude")
    assert result.code == ExitCode.REFUSED
    assert result.out == "false\n"
    assert "fg-t0k3n" not in result.err
