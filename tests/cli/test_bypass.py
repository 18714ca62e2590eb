"""What would lead an agent past the gate is seen before it starts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from faregate.cli import bypass
from faregate.cli.bypass import Finding, Surroundings, find_bypasses
from faregate.core.agents import Agent, agent_named

URL = "http://127.0.0.1:4747"


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    home, folder = tmp_path / "home", tmp_path / "repo"
    home.mkdir()
    folder.mkdir()
    return Surroundings(environ={}, folder=folder, home=home, url=URL)


def agent(name: str) -> Agent:
    found = agent_named(name)
    assert found is not None
    return found


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text)


ELSEWHERE = {"env": {"ANTHROPIC_BASE_URL": "https://elsewhere.example"}}


@pytest.mark.parametrize(
    "name", ["claude", "codex", "gemini", "aider", "opencode", "qwen", "llm", "mini"]
)
def test_a_clean_place_has_nothing(name: str, around: Surroundings) -> None:
    assert find_bypasses(agent(name), [name], around) == []


def test_an_unknown_command_has_nothing(around: Surroundings) -> None:
    assert find_bypasses(None, ["bash"], around) == []


@pytest.mark.parametrize(
    "file", ["repo/.claude/settings.json", "repo/.claude/settings.local.json",
             "home/.claude/settings.json"],
)  # fmt: skip
def test_claude_settings_that_name_another_address(
    file: str, around: Surroundings
) -> None:
    path = around.home.parent / file
    write(path, ELSEWHERE)
    assert find_bypasses(agent("claude"), ["claude"], around) == [
        Finding(text=f"{path} sets ANTHROPIC_BASE_URL", overridden=True)
    ]


@pytest.mark.parametrize(
    "name", ["ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY", "CLAUDE_CODE_USE_BEDROCK"]
)
def test_claude_settings_that_change_the_login(name: str, around: Surroundings) -> None:
    write(around.folder / ".claude/settings.json", {"env": {name: "sk-canary"}})
    (found,) = find_bypasses(agent("claude"), ["claude"], around)
    assert name in found.text
    assert "canary" not in found.text


def test_claude_settings_that_name_the_gate_itself(around: Surroundings) -> None:
    settings = {"env": {"ANTHROPIC_BASE_URL": f"{URL}/w/web"}}
    write(around.folder / ".claude/settings.json", settings)
    assert find_bypasses(agent("claude"), ["claude"], around) == []


def test_another_port_is_not_the_gate(around: Surroundings) -> None:
    settings = {"env": {"ANTHROPIC_BASE_URL": f"{URL}0"}}
    write(around.folder / ".claude/settings.json", settings)
    assert len(find_bypasses(agent("claude"), ["claude"], around)) == 1
    assert around.is_gate(URL)


def test_claude_with_settings_of_its_own_is_not_overridden(
    around: Surroundings,
) -> None:
    write(around.folder / ".claude/settings.json", ELSEWHERE)
    for command in (["claude", "--settings", "x"], ["claude", "--settings=x"]):
        (found,) = find_bypasses(agent("claude"), command, around)
        assert not found.overridden


def test_claude_settings_of_an_administrator_cannot_be_overridden(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    managed = around.home / "managed-settings.json"
    monkeypatch.setattr(bypass, "CLAUDE_MANAGED", (managed,))
    write(managed, ELSEWHERE)
    (found,) = find_bypasses(agent("claude"), ["claude"], around)
    assert not found.overridden


def test_claudes_folder_may_be_elsewhere(around: Surroundings, tmp_path: Path) -> None:
    folder = tmp_path / "claude"
    write(folder / "settings.json", ELSEWHERE)
    moved = Surroundings(
        environ={"CLAUDE_CONFIG_DIR": str(folder)},
        folder=around.folder,
        home=around.home,
        url=URL,
    )
    assert len(find_bypasses(agent("claude"), ["claude"], moved)) == 1


@pytest.mark.parametrize("file", ["repo/.codex/config.toml", "home/.codex/config.toml"])
def test_codex_configuration_is_overridden(file: str, around: Surroundings) -> None:
    path = around.home.parent / file
    write(path, 'model_provider = "azure"\n')
    assert find_bypasses(agent("codex"), ["codex"], around) == [
        Finding(text=f"{path} sets model_provider = 'azure'", overridden=True)
    ]


@pytest.mark.parametrize(
    "argument", ["model_provider=azure", "--oss", "--local-provider=ollama"]
)
def test_codex_arguments_outrank_ours(argument: str, around: Surroundings) -> None:
    (found,) = find_bypasses(agent("codex"), ["codex", "-c", argument], around)
    assert not found.overridden


def test_gemini_login_of_a_repository(around: Surroundings) -> None:
    path = around.folder / ".gemini/settings.json"
    write(path, {"security": {"auth": {"selectedType": "oauth-personal"}}})
    (found,) = find_bypasses(agent("gemini"), ["gemini"], around)
    assert not found.overridden
    write(path, {"security": {"auth": {"selectedType": "gemini-api-key"}}})
    assert find_bypasses(agent("gemini"), ["gemini"], around) == []


@pytest.mark.parametrize(
    ("file", "text", "found"),
    [
        (".env", "OPENAI_API_BASE=https://x.example/v1\n", True),
        (".env", "export ANTHROPIC_BASE_URL='https://x.example'\n", True),
        (".env", f'OPENAI_BASE_URL="{URL}/v1"\n', False),
        (".env", "OPENAI_BASE_URL=\nOTHER=1\n", False),
        (".aider.conf.yml", "openai-api-base: https://x.example\n", True),
        (".aider.conf.yml", "model: openai/gpt-5\n", False),
    ],
)
def test_aider_lets_files_of_a_repository_outrank(
    file: str, text: str, found: bool, around: Surroundings
) -> None:
    (around.folder / ".git").mkdir()
    write(around.folder / file, text)
    deeper = around.folder / "src"
    deeper.mkdir()
    for folder in (around.folder, deeper):
        here = Surroundings(environ={}, folder=folder, home=around.home, url=URL)
        findings = find_bypasses(agent("aider"), ["aider"], here)
        assert bool(findings) is found
        assert not any(finding.overridden for finding in findings)


def test_aider_arguments(around: Surroundings) -> None:
    command = ["aider", "--openai-api-base=https://x.example"]
    assert len(find_bypasses(agent("aider"), command, around)) == 1


def test_opencode_providers(around: Surroundings) -> None:
    write(
        around.folder / "opencode.json",
        {
            "provider": {
                "anthropic": {"options": {"baseURL": "https://x.example"}},
                "mine": {"options": {"baseURL": "https://y.example"}},
                "fine": {"options": {"baseURL": f"{URL}/v1"}},
                "plain": {"models": {}},
            }
        },
    )
    found = find_bypasses(agent("opencode"), ["opencode"], around)
    assert [("anthropic" in each.text, each.overridden) for each in found] == [
        (True, True),
        (False, False),
    ]


@pytest.mark.parametrize("name", ["cline", "cn"])
def test_agents_that_read_no_variable(name: str, around: Surroundings) -> None:
    (found,) = find_bypasses(agent(name), [name], around)
    assert "not redirected" in found.text


@pytest.mark.parametrize("content", ["{", "[]", '{"env": 5}', "\x00", '{"env": []}'])
def test_broken_settings_are_no_finding_and_no_fault(
    content: str, around: Surroundings
) -> None:
    for file in (".claude/settings.json", ".codex/config.toml", "opencode.json",
                 ".gemini/settings.json"):  # fmt: skip
        write(around.folder / file, content)
    for name in ("claude", "codex", "opencode", "gemini"):
        assert find_bypasses(agent(name), [name], around) == []


def test_a_huge_or_odd_file_is_not_read(around: Surroundings) -> None:
    (around.folder / ".claude/settings.json").mkdir(parents=True)
    (around.folder / ".codex").mkdir()
    with (around.folder / ".codex/config.toml").open("wb") as file:
        file.truncate(1 << 30)
    assert find_bypasses(agent("claude"), ["claude"], around) == []
    assert find_bypasses(agent("codex"), ["codex"], around) == []
