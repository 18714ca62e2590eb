"""A person's word: on the terminal itself, or by the admin secret.

An agent must not raise its own cap. Whatever runs inside `faregate run` is refused
before it is asked; the proxy checks the same by the process that connects.
"""

from __future__ import annotations

import contextlib
import hmac
import os
from pathlib import Path
from typing import TYPE_CHECKING

from faregate.cli.exit_codes import ExitCode
from faregate.cli.output import CliError
from faregate.config.files import read_private
from faregate.control.client import ADMIN_SECRET_VARIABLE
from faregate.control.sanitise import sanitise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.config.paths import Paths

RUN_VARIABLE = "FAREGATE_SESSION"
"""Set for everything that `faregate run` starts."""
_MOST_ANCESTORS = 64


def require_person(
    paths: Paths, question: str, *, answer: str, details: Sequence[str] = ()
) -> bool:
    """Have a person confirm; return whether it was typed on a terminal.

    `details` are shown above the question, a line each.
    Returns False when the admin secret stands in for the terminal. Raises CliError
    when neither is there, and when it is called inside `faregate run`.
    """
    if inside_run():
        raise _refused(
            "this runs inside faregate run, and an agent cannot raise its own cap: "
            "type the command in a terminal of your own"
        )
    if given := os.environ.get(ADMIN_SECRET_VARIABLE):
        _check_secret(paths, given)
        return False
    if typed(question, answer=answer, details=details):
        return True
    raise _refused("not confirmed; nothing was changed")


def typed(question: str, *, answer: str, details: Sequence[str] = ()) -> bool:
    """Ask on the controlling terminal; True when exactly `answer` was typed."""
    try:
        terminal = Path("/dev/tty").open("r+b", buffering=0)  # noqa: SIM115 - below
    except OSError:
        raise _refused(
            f"this needs a person: run it in a terminal, or set {ADMIN_SECRET_VARIABLE}"
        ) from None
    with terminal:
        shown = "".join(f"{sanitise(line, limit=2000)}\n" for line in details)
        text = f"{shown}{sanitise(question)}\nType {answer} to confirm: "
        terminal.write(text.encode())
        line = terminal.readline(256)
    return line.decode("utf-8", "replace").strip() == answer


def inside_run() -> bool:
    """Return whether this process descends from a `faregate run`."""
    if os.environ.get(RUN_VARIABLE):
        return True
    marker = f"\0{RUN_VARIABLE}=".encode()
    return any(marker in b"\0" + each for each in _environments_above())


def _environments_above() -> list[bytes]:
    """Return the environments of the processes above, as far as they can be read."""
    found: list[bytes] = []
    pid = os.getppid()
    while pid > 1 and len(found) < _MOST_ANCESTORS:
        folder = Path(f"/proc/{pid}")
        environment = b""
        with contextlib.suppress(OSError):
            environment = (folder / "environ").read_bytes()
        found.append(environment)
        try:
            stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
            pid = int(stat.rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            break
    return found


def _check_secret(paths: Paths, given: str) -> None:
    """Compare with the stored secret; without one the proxy has to decide."""
    stored = (read_private(paths.admin_secret) or b"").strip()
    if not stored or not hmac.compare_digest(stored, given.encode()):
        raise _refused(f"{ADMIN_SECRET_VARIABLE} is not the admin secret")


def _refused(message: str) -> CliError:
    return CliError(message, exit_code=ExitCode.REFUSED, code="refused")
