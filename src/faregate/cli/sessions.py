"""`faregate sessions`: the latest sessions with their totals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from faregate.cli import figures, output
from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.control.cost_log import MOST_ROWS
from faregate.control.retries import retries_of
from faregate.control.work import asked_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.control.models import SessionView

_HEADER = (
    "SESSION", "AGENT", "WORKSPACE", "TASK", "STATE", "STARTED", "REQUESTS", "RETRIES", "IN",
    "OUT", "COST", "WASTED", "OUTCOME",
)  # fmt: skip


@click.command()
@click.option(
    "--limit",
    type=click.IntRange(1, MOST_ROWS),
    default=50,
    show_default=True,
    help="How many at most, the newest first.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def sessions(limit: int, as_json: bool) -> int:
    """List sessions, the newest first, ended ones too.

    Whether a session's task was accepted is told by: faregate outcome SESSION.
    """
    paths = find_paths()
    from faregate.bookkeeping import Bookkeeping

    found = Bookkeeping(load(paths), paths).sessions(limit=limit).sessions
    if as_json:
        output.document({"sessions": found})
        return 0
    for line in lines(found):
        output.result(line)
    if len(found) == limit:
        output.note(f"faregate: only the newest {limit}; more: --limit")
    return 0


def lines(found: Sequence[SessionView]) -> list[str]:
    """Return sessions for a person."""
    if not found:
        return ["no session is known"]
    return output.table(
        _HEADER,
        [
            (
                each.id,
                each.agent or "-",
                each.workspace or "-",
                each.task or "-",
                each.state,
                f"{each.started_at[:16]}Z".replace("T", " "),
                str(asked_of(each)),
                str(retries_of(each)),
                figures.count(each.input_tokens),
                figures.count(each.output_tokens),
                figures.cost(each),
                figures.usd(each.wasted),
                each.outcome or "-",
            )
            for each in found
        ],
        align="<<<<<<>>>>>><",
    )
