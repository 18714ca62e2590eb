"""`faregate resume`: let go on what was paused, stopped or at a limit."""

from __future__ import annotations

import click

from faregate.cli.confirm import require_person
from faregate.cli.latching import scope_of, scope_options, tell
from faregate.config.paths import find_paths
from faregate.control.client import ControlClient


@click.command()
@scope_options
def resume(
    session: str | None, workspace: str | None, everything: bool, as_json: bool
) -> int:
    """Let a session, a workspace or everything go on.

    The limits of a SESSION begin anew with that; its budgets stay as they are. Needs
    a person at a terminal.
    """
    paths = find_paths()
    client = ControlClient(paths.socket)
    scope = scope_of(client, session, workspace, everything)
    kind, _, name = scope.partition(":")
    what = "everything" if kind == "all" else f"{kind} {name}"
    anew = ", with its limits from the start" if kind == "session" else ""
    confirmed = require_person(paths, f"Let {what} go on{anew}?", answer="yes")
    answer = client.resume(scope, confirmed=confirmed)
    done = "resumed" if answer.changed else "running"
    return tell(answer, done, as_json=as_json)
