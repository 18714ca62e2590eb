from __future__ import annotations

from pathlib import Path

import pytest

from faregate.tui.tmux_pane import JumpError, jump, terminals_of


def process(proc: Path, pid: int, session: str, tty: int) -> None:
    folder = proc / str(pid)
    folder.mkdir(parents=True)
    environment = f"HOME=/x\0FAREGATE_SESSION={session}\0"
    (folder / "environ").write_bytes(environment.encode())
    (folder / "stat").write_text(f"{pid} (a) b) S 1 {pid} {pid} {tty} -1 4194560")


def test_the_terminals_of_a_session_are_found(tmp_path: Path) -> None:
    process(tmp_path, 10, "claude-1", 136 << 8 | 7)
    process(tmp_path, 11, "claude-1", 136 << 8 | 7)
    process(tmp_path, 12, "claude-12", 136 << 8 | 9)
    process(tmp_path, 13, "claude-1", 137 << 8 | 1)
    process(tmp_path, 14, "claude-1", 0)
    (tmp_path / "15").mkdir()
    (tmp_path / "meminfo").write_text("x")
    assert sorted(terminals_of("claude-1", tmp_path)) == ["/dev/pts/257", "/dev/pts/7"]
    assert terminals_of("nobody", tmp_path) == []
    assert terminals_of("x", tmp_path / "none") == []


def tmux(folder: Path, script: str) -> None:
    path = folder / "tmux"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


async def test_the_pane_with_that_terminal_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process(tmp_path / "proc", 10, "claude-1", 136 << 8 | 7)
    tmux(
        tmp_path,
        f'echo "$@" >> {tmp_path}/asked\n'
        '[ "$1" = list-panes ] && printf "%%1 /dev/pts/3\\n%%4 /dev/pts/7\\n"\nexit 0',
    )
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("TMUX", "/tmp/x,1,0")
    assert await jump("claude-1", tmp_path / "proc") == "%4"
    assert (tmp_path / "asked").read_text().splitlines()[-1] == "switch-client -t %4"
    with pytest.raises(JumpError, match="no process of this session"):
        await jump("other", tmp_path / "proc")
    process(tmp_path / "proc", 11, "codex-1", 136 << 8 | 9)
    with pytest.raises(JumpError, match="is no tmux pane"):
        await jump("codex-1", tmp_path / "proc")


async def test_outside_tmux_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    with pytest.raises(JumpError, match="not run inside tmux"):
        await jump("claude-1", tmp_path)
