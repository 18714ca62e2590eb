"""The same boot has the same id; no id is the empty one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from faregate.ledger import boot


def test_an_id_is_stable() -> None:
    assert boot.read_boot_id() == boot.read_boot_id()
    if sys.platform == "linux":
        assert len(boot.read_boot_id()) == 36


def test_a_system_that_tells_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(boot, "_LINUX", tmp_path / "none")
    assert boot.read_boot_id() == ""


@pytest.mark.parametrize(("works", "expected"), [(True, "AB-12"), (False, "")])
def test_macos_is_asked(
    monkeypatch: pytest.MonkeyPatch, works: bool, expected: str
) -> None:
    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        assert command[0] == "/usr/sbin/sysctl"
        if not works:
            raise subprocess.TimeoutExpired(command, 2)
        return subprocess.CompletedProcess(command, 0, stdout="AB-12\n")

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(subprocess, "run", run)
    assert boot.read_boot_id() == expected
