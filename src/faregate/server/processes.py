"""What the system tells of a process: its parent, its age, its terminal.

Reads Linux' /proc or macOS' libproc; elsewhere, and of a process that is gone, it
knows nothing and says so.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

from faregate.core.values import dataclass

_MOST_ANCESTORS = 64
_BSD_INFO = 3
_BSD_SIZE = 136
_NO_DEVICE = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Process:
    """One process; `started` tells it from a later one with the same id."""

    pid: int
    started: int


@dataclass(frozen=True, slots=True)
class _Facts:
    parent: int
    started: int
    terminal: bool


def process_of(pid: int) -> Process | None:
    """Return the process that has this id now, or None."""
    facts = _facts(pid)
    return None if facts is None else Process(pid, facts.started)


def lineage(pid: int) -> list[Process]:
    """Return a process and those above it, the nearest first, as far as is known."""
    found: list[Process] = []
    while pid > 1 and len(found) < _MOST_ANCESTORS:
        facts = _facts(pid)
        if facts is None:
            break
        found.append(Process(pid, facts.started))
        pid = facts.parent
    return found


def has_terminal(pid: int) -> bool:
    """Tell whether a process has a controlling terminal; True where nobody knows."""
    facts = _facts(pid)
    return facts is None or facts.terminal


def environment_of(pid: int) -> dict[str, str]:
    """Return the environment a process began with; empty where it is not told."""
    try:
        raw = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return {}
    pairs = (entry.partition("=") for entry in raw.decode("latin-1").split("\0"))
    return {name: value for name, _, value in pairs}


def _facts(pid: int) -> _Facts | None:
    if pid <= 0:
        return None
    return _from_libproc(pid) if sys.platform == "darwin" else _from_proc(pid)


def _from_proc(pid: int) -> _Facts | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The command's name may hold anything, parentheses too.
    fields = text.rpartition(")")[2].split()
    return _Facts(int(fields[1]), int(fields[19]), int(fields[4]) != 0)


def _from_libproc(pid: int) -> _Facts | None:
    import ctypes

    try:
        libproc = ctypes.CDLL("/usr/lib/libproc.dylib")
    except OSError:
        return None
    info = ctypes.create_string_buffer(_BSD_SIZE)
    if libproc.proc_pidinfo(pid, _BSD_INFO, ctypes.c_uint64(0), info, _BSD_SIZE) <= 0:
        return None
    (parent,) = struct.unpack_from("=I", info, 16)
    (device,) = struct.unpack_from("=I", info, 108)
    (started,) = struct.unpack_from("=Q", info, 120)
    return _Facts(parent, started, device not in {0, _NO_DEVICE})
