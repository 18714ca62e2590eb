"""What of an agent's own configuration would lead it past the gate.

Only reads. Agents are redirected by variables, and some let a file outrank them: a
repository's settings can name another base URL. Each finding says whether this run
overrides it or cannot.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from faregate.core.agents import Agent

_FILE_LIMIT = 1_000_000
_BASE_URLS = (
    "OPENAI_BASE_URL",
    "OPENAI_API_BASE",
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_API_BASE",
    "GOOGLE_GEMINI_BASE_URL",
)
_CLAUDE_OUTRANKING = (
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_API_KEY",
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_USE_VERTEX",
    "CLAUDE_CODE_USE_FOUNDRY",
)
CLAUDE_MANAGED = (
    Path("/etc/claude-code/managed-settings.json"),
    Path("/Library/Application Support/ClaudeCode/managed-settings.json"),
)
_CODEX_ELSEWHERE = ("model_provider", "--oss", "--local-provider", "openai_base_url")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where a run takes place: what agents look at beside their arguments."""

    environ: Mapping[str, str]
    folder: Path
    home: Path
    url: str
    """The gate's address; whatever begins with it is no bypass."""

    def is_gate(self, address: str) -> bool:
        """Return whether an address leads to the gate."""
        return f"{address}/".startswith(f"{self.url}/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that would lead past the gate."""

    text: str
    overridden: bool = False
    """This run overrides it; else the agent would bypass the gate."""


def find_bypasses(
    agent: Agent | None, command: Sequence[str], around: Surroundings
) -> list[Finding]:
    """Return everything that would lead this agent past the gate."""
    check = _CHECKS.get(agent.name) if agent else None
    found = check(command, around) if check else []
    if agent is not None and not agent.redirected:
        found.append(Finding(text=f"{agent.title} is not redirected by variables"))
    return found


def _claude(command: Sequence[str], around: Surroundings) -> list[Finding]:
    home = Path(around.environ.get("CLAUDE_CONFIG_DIR") or around.home / ".claude")
    project = around.folder / ".claude"
    files = [
        project / "settings.local.json",
        project / "settings.json",
        home / "settings.json",
    ]
    own = any(word.partition("=")[0] == "--settings" for word in command)
    found = [
        Finding(text=text, overridden=not own)
        for file in files
        for text in _claude_settings(file, around)
    ]
    # What an administrator set cannot be overridden by any argument.
    found += [
        Finding(text=text)
        for file in CLAUDE_MANAGED
        for text in _claude_settings(file, around)
    ]
    return found


def _claude_settings(file: Path, around: Surroundings) -> list[str]:
    variables = _part(_json(file), "env")
    return [
        f"{file} sets {name}"
        for name in _CLAUDE_OUTRANKING
        if (value := str(variables.get(name) or "")) and not around.is_gate(value)
    ]


def _codex(command: Sequence[str], around: Surroundings) -> list[Finding]:
    home = Path(around.environ.get("CODEX_HOME") or around.home / ".codex")
    found = [
        Finding(text=f"{file} sets model_provider = {provider!r}", overridden=True)
        for file in (home / "config.toml", around.folder / ".codex" / "config.toml")
        if (provider := _toml(file).get("model_provider")) not in (None, "faregate")
    ]
    found += [
        Finding(text=f"the argument {word!r} chooses a provider of its own")
        for word in command
        if word.partition("=")[0].strip() in _CODEX_ELSEWHERE
    ]
    return found


def _gemini(_command: Sequence[str], around: Surroundings) -> list[Finding]:
    file = around.folder / ".gemini" / "settings.json"
    if file.parent == around.home / ".gemini":
        return []
    auth = _part(_part(_json(file), "security"), "auth")
    chosen = auth.get("selectedType")
    if chosen in (None, "gemini-api-key"):
        return []
    return [Finding(text=f"{file} chooses the login {chosen!r}")]


def _aider(command: Sequence[str], around: Surroundings) -> list[Finding]:
    # aider lets .env files outrank the environment, unlike most programs.
    folders = dict.fromkeys([around.folder, _repository(around.folder), around.home])
    found = [
        Finding(text=f"{folder / '.env'} sets {name}")
        for folder in folders
        for name in _dotenv_names(folder / ".env", around)
    ]
    found += [
        Finding(text=f"{folder / '.aider.conf.yml'} sets {key}")
        for folder in folders
        for key in ("openai-api-base", "openai_api_base")
        if any(
            line.startswith(f"{key}:") and around.url not in line
            for line in _text(folder / ".aider.conf.yml").splitlines()
        )
    ]
    found += [
        Finding(text=f"the argument {word!r} names another address")
        for word in command
        if word.startswith("--openai-api-base") and around.url not in word
    ]
    return found


def _opencode(_command: Sequence[str], around: Surroundings) -> list[Finding]:
    redirected = ("openai", "anthropic", "google")
    config = Path(around.environ.get("XDG_CONFIG_HOME") or around.home / ".config")
    files = [
        around.folder / "opencode.json",
        around.folder / "opencode.jsonc",
        config / "opencode" / "opencode.json",
    ]
    return [
        Finding(
            text=f"{file} configures the provider {name!r}",
            overridden=name in redirected,
        )
        for file in files
        for name, provider in _part(_json(file), "provider").items()
        if isinstance(provider, dict)
        and (url := _part(provider, "options").get("baseURL"))
        and not around.is_gate(str(url))
    ]


_CHECKS: Mapping[str, Callable[[Sequence[str], Surroundings], list[Finding]]] = {
    "claude-code": _claude,
    "codex": _codex,
    "gemini-cli": _gemini,
    "aider": _aider,
    "opencode": _opencode,
}


def _repository(folder: Path) -> Path:
    for parent in (folder, *folder.parents):
        if (parent / ".git").exists():
            return parent
    return folder


def _dotenv_names(file: Path, around: Surroundings) -> list[str]:
    names = []
    for line in _text(file).splitlines():
        name, _, value = line.strip().removeprefix("export ").partition("=")
        value = value.strip().strip("\"'")
        if name.strip() in _BASE_URLS and value and not around.is_gate(value):
            names.append(name.strip())
    return names


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = document.get(name)
    return part if isinstance(part, dict) else {}


def _json(file: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(_text(file))
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _toml(file: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(_text(file))
    except ValueError:
        return {}


def _text(file: Path) -> str:
    """Return a file's text; nothing for what is missing, huge or no file."""
    try:
        if not file.is_file() or file.stat().st_size > _FILE_LIMIT:
            return ""
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
