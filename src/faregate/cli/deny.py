"""`faregate deny`: refuse what waits for a person."""

from __future__ import annotations

import click

from faregate.cli import output
from faregate.cli.deciding import one
from faregate.config.paths import find_paths
from faregate.control.approvals import Deny
from faregate.control.client import ControlClient


@click.command()
@click.argument("approval")
@click.option("--reason", help="What the agent is told.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def deny(approval: str, reason: str | None, as_json: bool) -> int:
    """Refuse what waits for approval; its agent reads the reason.

    APPROVAL is an id that `faregate approve` lists, or its beginning.
    """
    client = ControlClient(find_paths().socket)
    found = one(client.approvals(), approval)
    client.deny(found.id, Deny(reason=reason, hash=found.hash))
    if as_json:
        output.document({"id": found.id, "decision": "denied"})
    else:
        output.result(f"{found.id} denied")
    return 0
