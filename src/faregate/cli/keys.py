"""`faregate keys`: a key for each workspace, so that its spending is told apart."""

from __future__ import annotations

import click

from faregate.cli import output
from faregate.cli.confirm import require_person
from faregate.config.paths import find_paths
from faregate.control.client import ControlClient
from faregate.core.identity import is_name


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def keys(ctx: click.Context, as_json: bool) -> int:
    """List the keys that were made for workspaces.

    A key is for this proxy alone, in place of a provider's key: what is sent with it
    is booked to its workspace, whatever the agent says.
    """
    if ctx.invoked_subcommand is not None:
        return 0
    found = ControlClient(find_paths().socket).keys()
    if as_json:
        output.document({"keys": found})
        return 0
    if not found:
        output.note("faregate: no keys yet. Make one with: faregate keys new WORKSPACE")
        return 0
    rows = [
        (each.id, each.workspace, each.made_at, each.revoked_at or "-")
        for each in found
    ]
    for line in output.table(("KEY", "WORKSPACE", "MADE", "REVOKED"), rows):
        output.result(line)
    return 0


@keys.command()
@click.argument("workspace")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def new(workspace: str, as_json: bool) -> int:
    """Make a key for WORKSPACE and print it; it is shown this once.

    Use it where a provider's key goes: OPENAI_API_KEY, ANTHROPIC_API_KEY. Needs a
    person at a terminal.
    """
    if not is_name(workspace):
        raise click.UsageError(f"{workspace!r} is no name for a workspace")
    paths = find_paths()
    client = ControlClient(paths.socket)
    confirmed = require_person(
        paths,
        f"Make a key for workspace {workspace}? It has no limits of its own but those "
        "of the configuration.",
        answer="yes",
    )
    made = client.new_key(workspace, confirmed=confirmed)
    if as_json:
        output.document(made)
        return 0
    output.result(made.token)
    output.note(
        f"faregate: {made.id}; take it back with: faregate keys revoke {made.id}"
    )
    return 0


@keys.command()
@click.argument("key")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def revoke(key: str, as_json: bool) -> int:
    """Refuse a key from now on: revoke key-1a2b3c4d."""
    ControlClient(find_paths().socket).revoke_key(key)
    if as_json:
        output.document({"id": key, "revoked": True})
    else:
        output.result(f"{key}: revoked")
    return 0
