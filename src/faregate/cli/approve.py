"""`faregate approve`: what waits for a person, and letting it pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from faregate.cli import output
from faregate.cli.confirm import require_person
from faregate.cli.deciding import card, one, waiting_lines
from faregate.config.paths import find_paths
from faregate.control.approvals import Approve
from faregate.control.client import ControlClient

if TYPE_CHECKING:
    from faregate.control.approvals import ApprovalList


@click.command()
@click.argument("approval", required=False)
@click.option("--session", is_flag=True, help="Let its whole session do this.")
@click.option("--note", help="Why, for the audit.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def approve(
    approval: str | None, session: bool, note: str | None, as_json: bool
) -> int:
    """List what waits for approval, or let one of them pass.

    APPROVAL is an id of the list, or its beginning. Needs a person: it asks on the
    terminal.
    """
    paths = find_paths()
    client = ControlClient(paths.socket)
    listed = client.approvals()
    if approval is None:
        _list(listed, as_json=as_json)
        return 0
    found = one(listed, approval)
    lines = card(found)
    if session:
        lines.append(f"  for the whole session: {found.for_session}")
    confirmed = require_person(paths, "Let this pass?", details=lines, answer="yes")
    # What was shown, and nothing else: it may have changed while the person read.
    asked = Approve(session=session, hash=found.hash, note=note)
    client.approve(found.id, asked, confirmed=confirmed)
    if as_json:
        output.document({"id": found.id, "decision": "approved", "session": session})
    else:
        more = " for its session" if session else ""
        output.result(f"{found.id} approved{more}")
    return 0


def _list(listed: ApprovalList, *, as_json: bool) -> None:
    if as_json:
        output.document(listed)
        return
    for line in waiting_lines(listed.waiting):
        output.result(line)
    if listed.waiting:
        output.note("faregate: decide with: faregate approve ID (or: deny ID)")
