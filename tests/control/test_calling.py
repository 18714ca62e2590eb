"""Lines that a person copies work in the terminal that shows them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from faregate.control import calling
from faregate.control.calling import called_as, spelled


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a checkout in somebody's home, with its script and its .venv."""
    made = tmp_path / "src" / "gate"
    for name in ("scripts/faregate", ".venv/bin/faregate"):
        program = made / name
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    return made


def test_a_checkout_is_called_by_its_script(checkout: Path, tmp_path: Path) -> None:
    started = checkout / ".venv/bin/faregate"
    assert called_as(started, None, tmp_path) == "~/src/gate/scripts/faregate"
    assert called_as(started, None, Path("/nowhere")) == str(
        checkout / "scripts/faregate"
    )


def test_what_is_on_the_path_is_called_by_its_name(
    checkout: Path, tmp_path: Path
) -> None:
    started = checkout / ".venv/bin/faregate"
    link = tmp_path / "faregate"
    link.symlink_to(checkout / "scripts/faregate")
    assert called_as(started, str(link), tmp_path) == "faregate"
    assert called_as(started, str(started), tmp_path) == "faregate"
    # Another program of that name would be another Faregate.
    other = tmp_path / "other"
    other.write_text("")
    assert called_as(started, str(other), tmp_path).endswith("scripts/faregate")


def test_an_installed_one_without_a_checkout_is_called_by_its_path(
    tmp_path: Path,
) -> None:
    started = tmp_path / "an env" / "bin" / "faregate"
    assert called_as(started, None, tmp_path) == f"'{started}'"
    assert called_as(Path("/faregate"), None, tmp_path) == "/faregate"


def test_what_was_started_otherwise_is_not_guessed(tmp_path: Path) -> None:
    assert called_as(tmp_path / "__main__.py", None, tmp_path) == "faregate"


def test_commands_are_spelled_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = 'faregate: next: faregate run -- claude or eval "$(faregate env)"'
    assert spelled(plain) == plain
    monkeypatch.setattr(calling, "command", lambda: "~/g/faregate")
    assert spelled(plain) == (
        'faregate: next: ~/g/faregate run -- claude or eval "$(~/g/faregate env)"'
    )
    assert spelled("faregate down; faregate up, see faregate --help") == (
        "~/g/faregate down; ~/g/faregate up, see ~/g/faregate --help"
    )
    for other in (
        "x-faregate-session", "faregate/deepseek/m", "faregate", "~/g/faregate up",
        "log: /home/faregate up", "faregate: warning",
    ):  # fmt: skip
        assert spelled(other) == other


def test_a_proxy_in_the_background_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "command", lambda: "faregate")
    calling.tell_children()
    assert calling.VARIABLE not in os.environ
    monkeypatch.setenv(calling.VARIABLE, "")
    monkeypatch.setattr(calling, "command", lambda: "~/g/faregate")
    calling.tell_children()
    program = "from faregate.control.calling import command; print(command())"
    child = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert child.stdout == "~/g/faregate\n"
