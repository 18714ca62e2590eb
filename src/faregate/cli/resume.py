"""`faregate resume`: let go on what was paused, stopped or at a limit."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import click

from faregate.cli import output
from faregate.cli.confirm import require_person
from faregate.cli.latching import scope_of, scope_options, tell
from faregate.config.paths import find_paths
from faregate.control.client import ControlClient
from faregate.control.errors import ControlError

if TYPE_CHECKING:
    from faregate.control.governing import LatchView


@click.command()
@scope_options
def resume(
    session: str | None, workspace: str | None, everything: bool, as_json: bool
) -> int:
    """Let a session, a workspace or, alone, everything go on.

    Alone it takes back a pause of everything; a session or workspace that was paused
    by name stays so. The limits of a SESSION begin anew with that; its budgets stay
    as they are. Needs a person at a terminal.
    """
    paths = find_paths()
    client = ControlClient(paths.socket)
    named = session is not None or workspace is not None
    scope = scope_of(client, session, workspace, everything or not named)
    kind, _, name = scope.partition(":")
    what = "everything" if kind == "all" else f"{kind} {name}"
    anew = ", with its limits from the start" if kind == "session" else ""
    confirmed = require_person(paths, f"Let {what} go on{anew}?", answer="yes")
    answer = client.resume(scope, confirmed=confirmed)
    done = "resumed" if answer.changed else "running"
    remaining = _by_name(client) if kind == "all" and not as_json else []
    if not remaining or answer.changed:
        tell(answer, done, as_json=as_json)
    if remaining:
        names = ", ".join(f"{each.scope} ({each.state})" for each in remaining)
        output.note(f"faregate: by name, and not resumed: {names}")
    return 0


def _by_name(client: ControlClient) -> list[LatchView]:
    """Return what stays paused or stopped; no answer is none."""
    with contextlib.suppress(ControlError):
        return client.latches()
    return []
