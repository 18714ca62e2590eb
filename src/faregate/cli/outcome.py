"""`faregate outcome`: whether a session's task was accepted."""

from __future__ import annotations

from typing import Literal, cast

import click

from faregate.cli import output
from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.control.cost_log import Judge


@click.command()
@click.argument("session")
@click.argument("verdict", type=click.Choice(["accepted", "rejected"]))
@click.option("--note", default="", help="Why, for the audit.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def outcome(session: str, verdict: str, note: str, as_json: bool) -> int:
    """Say whether a session's task was accepted or rejected; a later word counts.

    Reports then tell what an accepted outcome costs, and routes that escalate on a
    verdict heed it.
    """
    if not 1 <= len(session) <= 400 or len(note) > 500:
        raise click.UsageError("the session or the note is too long")
    paths = find_paths()
    settings = load(paths)
    from faregate.bookkeeping import Bookkeeping

    word = cast("Literal['accepted', 'rejected']", verdict)
    Bookkeeping(settings, paths).judge(Judge(session=session, outcome=word, note=note))
    if as_json:
        output.document({"session": session, "outcome": verdict})
    else:
        output.result(f"{session}: {verdict}")
    return 0
