"""One run: redirected, marked, warned, ended, with the command's exit code."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from faregate.cli.exit_codes import ExitCode
from faregate.cli.run import replaced_keys
from faregate.config.paths import Paths
from faregate.control.governing import Standing
from faregate.core.agent_setup import AgentSetup
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli
from tests.cli.terminal import in_terminal
from tests.control import scenes

ROOT = "http://127.0.0.1:4747/s/s1"
KEYS = ["anthropic", "openai", "gemini"]
AGENT = """#!{python}
import json, os, sys
files = dict()
for word in sys.argv[1:]:
    if os.path.isfile(word):
        files[word] = open(word).read()
home = os.environ.get("GEMINI_CLI_HOME")
if home:
    files["gemini"] = open(home + "/.gemini/settings.json").read()
told = dict(argv=sys.argv[1:], env=dict(os.environ), files=files)
json.dump(told, open(os.environ["TOLD"], "w"))
sys.exit(int(os.environ.get("AGENT_CODE", "0")))
"""


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: AskedProxy) -> Path:
    """Agents on the PATH that write down how they were started."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("claude", "codex", "gemini", "opencode", "qwen", "aider", "cline",
                 "my-agent"):  # fmt: skip
        (tools / name).write_text(AGENT.format(python=sys.executable))
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.setenv("TOLD", str(tmp_path / "told.json"))
    folder = tmp_path / "repo"
    folder.mkdir()
    monkeypatch.chdir(folder)
    proxy.snapshot = scenes.snapshot(
        sessions=[scenes.session("s1", cost="0.41")],
        told=scenes.setup(keys_found=KEYS),
    )
    return tmp_path / "told.json"


def read(told: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(told.read_text())
    return found


def test_claude_is_redirected_and_marked(
    cli: Cli, told: Path, proxy: AskedProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-real")
    monkeypatch.setenv("FAREGATE_ADMIN_SECRET", "s3cret")
    result = cli("run", "--task", "T-1", "--", "claude", "-p", "fix --json it")
    assert result.code == 0
    assert result.out == ""
    found = read(told)
    assert found["argv"] == ["-p", "fix --json it"]
    env = found["env"]
    assert env["ANTHROPIC_BASE_URL"] == ROOT
    assert env["ANTHROPIC_AUTH_TOKEN"] == "fg-s1"
    assert env["FAREGATE_SESSION"] == "s1"
    assert "ANTHROPIC_API_KEY" not in env
    assert "FAREGATE_ADMIN_SECRET" not in env
    (asked,) = proxy.asked("/v1/sessions")
    assert asked["agent"] == "claude-code"
    assert asked["task"] == "T-1"
    assert asked["pid"] == os.getpid()
    assert "max_cost" not in asked
    assert [each.path for each in proxy.seen].count("/v1/sessions/s1/end") == 1
    assert "your ANTHROPIC_API_KEY is set aside" in result.err
    assert "sk-real" not in result.err
    assert result.err.splitlines()[-1].startswith("faregate: s1: $0.41 · 41 requests")


def test_codex_gets_arguments_and_its_own_follow(cli: Cli, told: Path) -> None:
    assert cli("run", "codex", "exec", "-c", "x=1", "hi").code == 0
    found = read(told)
    argv = found["argv"]
    assert argv[:2] == ["-c", f'openai_base_url="{ROOT}/v1"']
    assert argv[-4:] == ["exec", "-c", "x=1", "hi"]
    assert found["env"]["CODEX_API_KEY"] == "fg-s1"
    assert not any("fg-s1" in word for word in argv)


def test_gemini_gets_a_home_for_its_login(cli: Cli, told: Path, paths: Paths) -> None:
    assert cli("run", "gemini", "-p", "hi").code == 0
    found = read(told)
    assert found["env"]["GOOGLE_GEMINI_BASE_URL"] == ROOT
    assert found["env"]["GEMINI_API_KEY"] == "fg-s1"
    settings = json.loads(found["files"]["gemini"])
    assert settings["security"]["auth"]["selectedType"] == "gemini-api-key"
    assert not (paths.state_dir / "runs" / "s1").exists()


def test_opencode_and_qwen(cli: Cli, told: Path) -> None:
    assert cli("run", "opencode", "run", "hi").code == 0
    env = read(told)["env"]
    assert env["ANTHROPIC_BASE_URL"] == f"{ROOT}/v1"
    assert f"{ROOT}/v1" in env["OPENCODE_CONFIG_CONTENT"]
    assert cli("run", "qwen", "-p", "hi").code == 0
    assert read(told)["argv"] == ["--auth-type", "openai", "-p", "hi"]


def test_an_unknown_command_gets_everything(cli: Cli, told: Path) -> None:
    assert cli("run", "my-agent", "--workspace", "theirs").code == 0
    found = read(told)
    assert found["argv"] == ["--workspace", "theirs"]
    env = found["env"]
    assert env["OPENAI_BASE_URL"] == f"{ROOT}/v1"
    assert env["ANTHROPIC_BASE_URL"] == ROOT
    assert env["GOOGLE_GEMINI_BASE_URL"] == ROOT
    assert {env[f"{name}_API_KEY"] for name in ("OPENAI", "ANTHROPIC", "GEMINI")} == {
        "fg-s1"
    }


def test_a_label_tells_how_an_unknown_command_is_set_up(
    cli: Cli, told: Path, proxy: AskedProxy
) -> None:
    assert cli("run", "--agent", "claude-code", "--", "my-agent").code == 0
    env = read(told)["env"]
    assert env["ANTHROPIC_AUTH_TOKEN"] == "fg-s1"
    assert "OPENAI_BASE_URL" not in env
    assert cli("run", "-a", "mine", "my-agent").code == 0
    assert [asked["agent"] for asked in proxy.asked("/v1/sessions")] == [
        "claude-code",
        "mine",
    ]


def test_the_commands_exit_code_is_ours(
    cli: Cli, told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENT_CODE", "42")
    assert cli("run", "claude").code == 42


def test_a_command_that_is_not_there(cli: Cli, told: Path, proxy: AskedProxy) -> None:
    result = cli("run", "--", "no-such-agent")
    assert result.code == 127
    assert "no-such-agent: command not found" in result.err
    assert proxy.seen == []
    result = cli("run", "--", "./no-such-agent")
    assert result.code == 127
    assert [each.path for each in proxy.seen].count("/v1/sessions/s1/end") == 1


def test_labels_and_a_limit(cli: Cli, told: Path, proxy: AskedProxy) -> None:
    options = ["-w", "web", "-t", "T-9", "--user", "ann", "--customer", "acme",
               "--feature", "search", "--max-cost", "$2.50",
               "--max-time", "30m", "--max-requests", "9"]  # fmt: skip
    assert cli("run", *options, "--", "claude").code == 0
    (asked,) = proxy.asked("/v1/sessions")
    del asked["pid"]
    assert asked == {
        "agent": "claude-code",
        "workspace": "web",
        "task": "T-9",
        "user": "ann",
        "customer": "acme",
        "feature": "search",
        "max_cost": "2.5",
        "limits": {"wall_clock": 1800.0, "requests": 9},
    }


def test_a_run_that_was_stopped_says_so(
    cli: Cli, told: Path, proxy: AskedProxy
) -> None:
    proxy.standing = Standing(
        state="stopped", why="a person stopped it", limits_hit={"requests": 2}
    )
    result = cli("run", "--", sys.executable, "-c", "import time; time.sleep(600)")
    assert result.code == ExitCode.REFUSED
    assert "s1 was ended: a person stopped it" in result.err
    assert "limits hit: requests" in result.err.splitlines()[-1]


def test_a_run_out_of_time_is_ended(cli: Cli, told: Path, proxy: AskedProxy) -> None:
    proxy.max_time_s = 0.2
    result = cli("run", "--", sys.executable, "-c", "import time; time.sleep(600)")
    assert result.code == ExitCode.REFUSED
    assert "its time is over" in result.err


def test_an_own_login_goes_with_a_time(cli: Cli, told: Path, proxy: AskedProxy) -> None:
    options = ["run", "--own-login", "--max-time", "1h"]
    assert cli(*options, "claude").code == 0
    assert cli(*options, "--max-requests", "5", "claude").code == ExitCode.USAGE


def test_the_workspace_is_the_repository(
    cli: Cli, told: Path, proxy: AskedProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(".git").mkdir()
    Path("src").mkdir()
    monkeypatch.chdir("src")
    assert cli("run", "claude").code == 0
    assert proxy.asked("/v1/sessions")[0]["workspace"] == "repo"


@pytest.mark.parametrize(
    "options",
    [["-w", "../x"], ["-t", "a b"], ["--agent", ""], ["--max-cost", "-1"],
     ["--max-cost", "lots"]],
)  # fmt: skip
def test_bad_options_start_nothing(
    options: list[str], cli: Cli, told: Path, proxy: AskedProxy
) -> None:
    assert cli("run", *options, "--", "claude").code == ExitCode.USAGE
    assert proxy.asked("/v1/sessions") == []
    assert not told.exists()


def test_settings_of_the_repository_are_overridden_and_told(
    cli: Cli, told: Path
) -> None:
    Path(".claude").mkdir()
    Path(".claude/settings.json").write_text(
        '{"env": {"ANTHROPIC_BASE_URL": "https://elsewhere.example"}}'
    )
    result = cli("run", "claude", "-p", "hi")
    assert "sets ANTHROPIC_BASE_URL: overridden for this run" in result.err
    found = read(told)
    assert found["argv"][0] == "--settings"
    assert found["argv"][2:] == ["-p", "hi"]
    settings = json.loads(found["files"][found["argv"][1]])
    assert settings["env"]["ANTHROPIC_BASE_URL"] == ROOT
    assert not Path(found["argv"][1]).exists()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["cline", "hi"], "cline auth -p openai-compatible"),
        (["codex", "--oss"], "'--oss' chooses a provider of its own"),
    ],
)
def test_a_bypass_that_cannot_be_helped_is_a_warning(
    command: list[str], said: str, cli: Cli, told: Path
) -> None:
    result = cli("run", *command)
    assert said in result.err
    assert "warning: " in result.err
    assert "past the gate" in result.err


@pytest.mark.parametrize(
    ("agent", "key", "token"),
    [
        ("claude", "openai", "ANTHROPIC_AUTH_TOKEN"),
        ("claude", "deepseek", "ANTHROPIC_AUTH_TOKEN"),
        ("codex", "anthropic", "OPENAI_API_KEY"),
        ("gemini", "openai", "GEMINI_API_KEY"),
    ],
)
def test_a_key_of_another_dialect_serves_by_translation(
    cli: Cli, told: Path, proxy: AskedProxy, agent: str, key: str, token: str
) -> None:
    proxy.snapshot = scenes.snapshot(told=scenes.setup(keys_found=[key]))
    result = cli("run", "--max-cost", "2", "--", agent, "--model", "mine/x")
    assert result.code == 0
    assert "could use" not in result.err
    assert ("are translated" in result.err) == (key != "deepseek")
    assert read(told)["env"][token] == "fg-s1"
    assert proxy.asked("/v1/sessions")[0]["max_cost"] == "2"


def test_without_a_key_in_the_proxy_the_agent_keeps_its_login(
    cli: Cli, told: Path, proxy: AskedProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy.snapshot = scenes.snapshot(told=scenes.setup(keys_found=[]))
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-own")
    result = cli("run", "claude")
    assert "no key that Claude Code could use, so it needs" in result.err
    assert "ANTHROPIC_API_KEY is set here" in result.err
    env = read(told)["env"]
    assert env["ANTHROPIC_BASE_URL"] == ROOT
    assert env["ANTHROPIC_API_KEY"] == "sk-own"
    assert "ANTHROPIC_AUTH_TOKEN" not in env
    assert cli("run", "--lend-key", "claude").code == 0
    assert read(told)["env"]["ANTHROPIC_AUTH_TOKEN"] == "fg-s1"
    result = cli("run", "--max-cost", "2", "claude")
    assert result.code == ExitCode.USAGE
    assert "--max-cost" in result.err


def test_an_agent_without_any_key_is_told_how_to_get_one(
    cli: Cli, told: Path, proxy: AskedProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy.snapshot = scenes.snapshot(told=scenes.setup(keys_found=[]))
    for agent, key in (
        ("claude", "ANTHROPIC_API_KEY"),
        ("codex", "OPENAI_API_KEY"),
        ("gemini", "GEMINI_API_KEY"),
        ("my-agent", "ANTHROPIC_API_KEY"),
    ):
        result = cli("run", agent)
        assert "none in this terminal either, and may ask you to log in" in result.err
        assert f"export {key}=... (or that of another provider" in result.err
        assert "then faregate down; faregate up" in result.err
    # Who has one of its own needs no lesson.
    monkeypatch.setenv("CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat-own")
    assert "in this terminal either" not in cli("run", "claude").err


def test_an_own_login_can_be_asked_for(
    cli: Cli, told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-own")
    assert cli("run", "--own-login", "codex").code == 0
    found = read(told)
    assert found["env"]["OPENAI_API_KEY"] == "sk-own"
    assert f'openai_base_url="{ROOT}/v1"' in found["argv"]


def test_other_keys_that_stay_are_told(
    cli: Cli, told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-real")
    monkeypatch.setenv("GROQ_API_KEY", "fg-ours")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-real")
    for command in ("my-agent", "aider", "opencode"):
        assert "faregate: DEEPSEEK_API_KEY stays in" in cli("run", command).err
    for command in ("claude", "codex", "gemini"):
        assert "DEEPSEEK" not in cli("run", command).err


def test_a_proxy_that_refuses_the_session(
    cli: Cli, told: Path, proxy: AskedProxy
) -> None:
    proxy.refuse("/v1/sessions", 503, "ledger_unavailable", "the disk is full")
    result = cli("run", "claude")
    assert result.code == ExitCode.FAILED
    assert "the disk is full" in result.err
    assert not told.exists()


def test_a_proxy_that_dies_meanwhile_does_not_change_the_exit_code(
    cli: Cli, told: Path, proxy: AskedProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENT_CODE", "5")
    proxy.refuse("/v1/sessions/s1/end", 500, "http_error", "gone")
    proxy.refuse("/v1/status", 500, "http_error", "gone")
    result = cli("run", "claude")
    assert result.code == 5
    assert "no receipt: gone" in result.err


def test_our_own_token_is_not_called_a_key() -> None:
    setup = AgentSetup(env={"OPENAI_API_KEY": "fg-new"}, unset=("A_TOKEN", "B_URL"))
    environ = {"OPENAI_API_KEY": "fg-old", "A_TOKEN": "real", "B_URL": "x"}
    assert replaced_keys(environ, setup) == ["A_TOKEN"]


def test_ctrl_c_reaches_the_agent_once_and_its_code_is_ours(
    told: Path, tmp_path: Path
) -> None:
    agent = tmp_path / "bin" / "my-agent"
    agent.write_text(
        f"#!{sys.executable}\n"
        "import signal, sys, time\n"
        "count = []\n"
        "signal.signal(signal.SIGINT, lambda *_: count.append(1))\n"
        "print('to confirm: ', flush=True)\n"
        "time.sleep(0.5)\n"
        "print('interrupts', len(count), flush=True)\n"
        "sys.exit(7)\n"
    )
    ended = in_terminal("run", "--", "my-agent", answer="\x03")
    assert "interrupts 1" in ended.screen
    assert ended.code == 7
