"""`faregate stop`: end a session, or everything, at once."""

from __future__ import annotations

import click

from faregate.cli.latching import scope_of, scope_options, tell
from faregate.config.paths import find_paths
from faregate.control.client import ControlClient


@click.command()
@scope_options
def stop(
    session: str | None, workspace: str | None, everything: bool, as_json: bool
) -> int:
    """Stop a session: its requests end, its agent is told, what follows is refused.

    An agent that faregate run has started is ended too. What was spent is booked.
    It lasts, over a restart too, until: faregate resume.
    """
    client = ControlClient(find_paths().socket)
    scope = scope_of(client, session, workspace, everything)
    return tell(client.stop(scope), "stopped", as_json=as_json)
