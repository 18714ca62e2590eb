"""`faregate pause`: let nothing new through, until somebody resumes it."""

from __future__ import annotations

import click

from faregate.cli.latching import scope_of, scope_options, show, tell
from faregate.config.paths import find_paths
from faregate.control.client import ControlClient


@click.command()
@scope_options
@click.option("--list", "listed", is_flag=True, help="List what is paused or stopped.")
def pause(
    session: str | None,
    workspace: str | None,
    everything: bool,
    listed: bool,
    as_json: bool,
) -> int:
    """Pause a session, a workspace or, alone, everything.

    What runs goes on to its end. New requests wait for half a minute, then their
    agent is told; it lasts until: faregate resume.
    """
    client = ControlClient(find_paths().socket)
    named = session is not None or workspace is not None
    if listed:
        if named or everything:
            raise click.UsageError("--list goes alone: it lists all that is paused")
        return show(client, as_json=as_json)
    scope = scope_of(client, session, workspace, everything or not named)
    return tell(client.pause(scope), "paused", as_json=as_json)
