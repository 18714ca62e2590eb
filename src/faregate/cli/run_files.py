"""Files that one run needs and that vanish with it.

Some agents take an address only from a file, or let a file outrank the environment.
Nothing of the person's own is changed: what is needed is written into a private
folder of the run.
"""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from faregate.config.files import make_private_dir, write_private

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from faregate.config.paths import Paths

_GEMINI_LOGIN = "gemini-api-key"


@contextmanager
def run_folder(paths: Paths, session: str) -> Iterator[Path]:
    """Yield a private folder, made when first used and removed at the end."""
    # Labels are safe in a file's name, but a session's name may come from elsewhere.
    folder = paths.state_dir / "runs" / session.replace("/", "_")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def claude_settings(folder: Path, env: Mapping[str, str]) -> tuple[str, ...]:
    """Return arguments that outrank the settings files of Claude Code.

    The token stays in the file: arguments are seen by everyone on the machine.
    """
    _make(folder)
    file = folder / "claude-settings.json"
    write_private(file, json.dumps({"env": dict(env)}).encode())
    return ("--settings", str(file))


def gemini_home(folder: Path, home: Path) -> dict[str, str]:
    """Return variables that make Gemini CLI use an API key; {} where it does anyway.

    It reads its login from a settings file alone. It gets a home of its own in which
    everything but that file leads to the person's.
    """
    own = home / ".gemini"
    settings = _settings(own / "settings.json")
    security = settings.get("security")
    security = dict(security) if isinstance(security, dict) else {}
    auth = security.get("auth")
    auth = dict(auth) if isinstance(auth, dict) else {}
    if auth.get("selectedType") == _GEMINI_LOGIN:
        return {}
    auth["selectedType"] = _GEMINI_LOGIN
    security["auth"] = auth
    _make(folder)
    stand_in = folder / "gemini" / ".gemini"
    stand_in.mkdir(parents=True, mode=0o700)
    if own.is_dir():
        for each in own.iterdir():
            if each.name != "settings.json":
                (stand_in / each.name).symlink_to(each)
    changed = json.dumps({**settings, "security": security})
    write_private(stand_in / "settings.json", changed.encode())
    return {"GEMINI_CLI_HOME": str(stand_in.parent)}


def opencode_content(ours: str, theirs: str | None) -> str:
    """Return opencode's inline configuration with ours merged over the person's."""
    try:
        document = json.loads(theirs) if theirs else {}
    except ValueError:
        return ours
    if not isinstance(document, dict):
        return ours
    return json.dumps(_merged(document, json.loads(ours)))


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        if isinstance(under, dict) and isinstance(value, dict):
            value = _merged(under, value)
        merged[key] = value
    return merged


def _settings(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _make(folder: Path) -> None:
    make_private_dir(folder.parent)
    make_private_dir(folder)
