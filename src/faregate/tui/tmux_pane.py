"""Finds the tmux pane in which a session's agent runs, and goes there.

Works for what `faregate run` started: its processes carry the session's id. Reads
/proc, so it finds nothing on other systems.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from functools import partial
from pathlib import Path

from faregate.control.calling import spelled
from faregate.tui.workers import in_thread

RUN_VARIABLE = "FAREGATE_SESSION"
_PTS_MAJOR = 136
_WITHIN_S = 3.0


class JumpError(Exception):
    """There is no way to the pane; the message says why."""


async def jump(session: str, proc: Path = Path("/proc")) -> str:
    """Go to the pane of the session's agent; return its id. Raises JumpError."""
    tmux = shutil.which("tmux")
    if tmux is None or not os.environ.get("TMUX"):
        raise JumpError("this screen does not run inside tmux")
    terminals = await in_thread(partial(terminals_of, session, proc))
    if not terminals:
        raise JumpError(
            spelled("no process of this session was found: faregate run starts such")
        )
    listed = await _run(tmux, "list-panes", "-a", "-F", "#{pane_id} #{pane_tty}")
    panes: dict[str, str] = {}
    for line in listed.splitlines():
        name, _, terminal = line.partition(" ")
        panes[terminal] = name
    pane = next((panes[each] for each in terminals if each in panes), None)
    if pane is None:
        raise JumpError(f"its terminal {terminals[0]} is no tmux pane")
    await _run(tmux, "switch-client", "-t", pane)
    return pane


def terminals_of(session: str, proc: Path = Path("/proc")) -> list[str]:
    """Return the terminals of processes that belong to a session, each once."""
    wanted = f"{RUN_VARIABLE}={session}".encode()
    found: dict[str, None] = {}
    for folder in proc.iterdir() if proc.is_dir() else ():
        if not folder.name.isdigit():
            continue
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            if wanted in environment:
                found[_terminal((folder / "stat").read_text(errors="replace"))] = None
        except (OSError, ValueError, IndexError):
            continue
    return [each for each in found if each]


def _terminal(stat: str) -> str:
    """Return the controlling terminal that a line of /proc/PID/stat names."""
    number = int(stat.rpartition(")")[2].split()[4])
    major, minor = number >> 8 & 0xFFF, number & 0xFF | number >> 12 & 0xFFF00
    if not _PTS_MAJOR <= major < _PTS_MAJOR + 8:
        return ""
    return f"/dev/pts/{minor + (major - _PTS_MAJOR) * 256}"


async def _run(*command: str) -> str:
    child = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(_WITHIN_S):
            out, _ = await child.communicate()
    except TimeoutError:
        child.kill()
        await child.wait()
        raise JumpError("tmux does not answer") from None
    if child.returncode != 0:
        raise JumpError("tmux could not go there")
    return out.decode("utf-8", "replace")
