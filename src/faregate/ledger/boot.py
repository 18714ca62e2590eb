"""Which boot of the machine this is: only another one can have lost commits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_LINUX = Path("/proc/sys/kernel/random/boot_id")


def read_boot_id() -> str:
    """Return an id of this boot, or "" where the system tells none."""
    if sys.platform == "darwin":
        return _ask_sysctl()
    try:
        return _LINUX.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _ask_sysctl() -> str:
    try:
        answer = subprocess.run(
            ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"],
            capture_output=True,
            text=True,
            timeout=2,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()
