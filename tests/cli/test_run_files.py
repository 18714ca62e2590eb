"""Files of one run: private, complete, gone afterwards, nobody else's touched."""

from __future__ import annotations

import contextlib
import json
import stat
from pathlib import Path

import pytest

from faregate.cli.run_files import (
    claude_settings,
    gemini_home,
    opencode_content,
    run_folder,
)
from faregate.config.paths import Paths


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "runs").mkdir(mode=0o700)
    return tmp_path / "runs" / "s1"


def test_the_folder_appears_only_when_needed_and_goes(paths: Paths) -> None:
    with run_folder(paths, "a/b") as folder:
        assert not folder.exists()
        claude_settings(folder, {})
        assert folder.parent == paths.state_dir / "runs"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()
    with contextlib.suppress(RuntimeError), run_folder(paths, "s") as folder:
        claude_settings(folder, {})
        raise RuntimeError
    assert not folder.exists()


def test_claude_reads_the_token_from_a_private_file(folder: Path) -> None:
    option, file = claude_settings(folder, {"ANTHROPIC_AUTH_TOKEN": "fg-1"})
    assert option == "--settings"
    assert json.loads(Path(file).read_text()) == {
        "env": {"ANTHROPIC_AUTH_TOKEN": "fg-1"}
    }
    assert stat.S_IMODE(Path(file).stat().st_mode) == 0o600


def test_gemini_gets_a_home_that_leads_to_the_persons(
    folder: Path, tmp_path: Path
) -> None:
    own = tmp_path / ".gemini"
    (own / "history").mkdir(parents=True)
    settings = {
        "ui": {"theme": "x"},
        "security": {"auth": {"selectedType": "oauth-personal"}, "folderTrust": 1},
    }
    (own / "settings.json").write_text(json.dumps(settings))
    (own / "GEMINI.md").write_text("memory")
    before = {path: path.stat().st_mtime_ns for path in own.iterdir()}
    env = gemini_home(folder, tmp_path)
    home = Path(env["GEMINI_CLI_HOME"])
    assert json.loads((home / ".gemini/settings.json").read_text()) == {
        "ui": {"theme": "x"},
        "security": {"auth": {"selectedType": "gemini-api-key"}, "folderTrust": 1},
    }
    assert (home / ".gemini/GEMINI.md").read_text() == "memory"
    (home / ".gemini/history/new").write_text("kept")
    assert (own / "history/new").read_text() == "kept"
    after = {path: path.stat().st_mtime_ns for path in own.iterdir()}
    assert {path.name for path in before} == {path.name for path in after}
    assert json.loads((own / "settings.json").read_text()) == settings


def test_removing_geminis_home_leaves_the_persons(paths: Paths, tmp_path: Path) -> None:
    (tmp_path / ".gemini/history").mkdir(parents=True)
    (tmp_path / ".gemini/history/old").write_text("kept")
    with run_folder(paths, "s1") as folder:
        assert gemini_home(folder, tmp_path)
    assert (tmp_path / ".gemini/history/old").read_text() == "kept"


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"security": 5}'])
def test_gemini_without_usable_settings(
    content: str | None, folder: Path, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / ".gemini").mkdir()
        (tmp_path / ".gemini/settings.json").write_text(content)
    home = Path(gemini_home(folder, tmp_path)["GEMINI_CLI_HOME"])
    settings = json.loads((home / ".gemini/settings.json").read_text())
    assert settings["security"]["auth"] == {"selectedType": "gemini-api-key"}


def test_gemini_that_uses_a_key_already_is_left_alone(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / ".gemini").mkdir()
    (tmp_path / ".gemini/settings.json").write_text(
        '{"security": {"auth": {"selectedType": "gemini-api-key"}}}'
    )
    assert gemini_home(folder, tmp_path) == {}
    assert not folder.exists()


def test_opencode_keeps_what_the_person_configured() -> None:
    ours = '{"provider": {"openai": {"options": {"baseURL": "gate"}}}}'
    theirs = '{"theme": "x", "provider": {"openai": {"options": {"a": 1}}, "b": {}}}'
    assert json.loads(opencode_content(ours, theirs)) == {
        "theme": "x",
        "provider": {"openai": {"options": {"a": 1, "baseURL": "gate"}}, "b": {}},
    }
    for broken in (None, "", "{", "[]"):
        assert opencode_content(ours, broken) is ours or json.loads(
            opencode_content(ours, broken)
        ) == json.loads(ours)
