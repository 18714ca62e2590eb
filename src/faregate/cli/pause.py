"""`faregate pause`: let nothing new through, until somebody resumes it."""

from __future__ import annotations

import click

from faregate.cli.latching import scope_of, scope_options, show, tell
from faregate.config.paths import find_paths
from faregate.control.client import ControlClient


@click.command()
@scope_options
def pause(
    session: str | None, workspace: str | None, everything: bool, as_json: bool
) -> int:
    """Pause a session, a workspace or everything.

    What runs goes on to its end. New requests wait for half a minute, then their
    agent is told; it lasts until: faregate resume. Alone it lists what is paused or
    stopped.
    """
    client = ControlClient(find_paths().socket)
    if session is None and workspace is None and not everything:
        return show(client, as_json=as_json)
    scope = scope_of(client, session, workspace, everything)
    return tell(client.pause(scope), "paused", as_json=as_json)
