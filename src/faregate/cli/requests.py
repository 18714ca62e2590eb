"""`faregate requests`: the latest requests, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from faregate.cli import figures, output
from faregate.cli.since import HELP, since_ms
from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.control.cost_log import MOST_ROWS
from faregate.control.work import only_counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.control.cost_log import RequestView

_HEADER = (
    "AT", "SESSION", "MODEL", "RESULT", "TRIES", "IN", "CACHED", "OUT", "COST",
    "FIRST", "TOOK", "ID",
)  # fmt: skip


@click.command()
@click.option("--session", help="Only those of a session and its sub-agents.")
@click.option("--since", default="all", show_default=True, help=HELP)
@click.option(
    "--limit",
    type=click.IntRange(1, MOST_ROWS),
    default=50,
    show_default=True,
    help="How many at most, the newest first.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def requests(session: str | None, since: str, limit: int, as_json: bool) -> int:
    """List requests, the newest first: who asked what, how it ended, its cost.

    What a request went through is told by: faregate explain ID.
    """
    paths = find_paths()
    settings = load(paths)
    start = since_ms(since, settings.budget.timezone)
    from faregate.bookkeeping import Bookkeeping

    found = Bookkeeping(settings, paths).requests(
        session=session, since_ms=start, limit=limit
    )
    if as_json:
        output.document({"requests": found})
        return 0
    for line in lines(found):
        output.result(line)
    if len(found) == limit:
        output.note(f"faregate: only the newest {limit}; more: --limit")
    return 0


def lines(found: Sequence[RequestView]) -> list[str]:
    """Return requests for a person."""
    if not found:
        return ["no request is known"]
    return output.table(_HEADER, [_cells(each) for each in found], align="<<<<>>>>>>><")


def cost_of(each: RequestView) -> str:
    """Return what a request cost, marked where that is no provider's word."""
    if each.held != "0":
        return f"({figures.usd(each.held)})"
    if each.unknown != "0":
        return f"{figures.usd(each.unknown)}?"
    mark = "~" if each.cost_source in {"estimated", "mixed"} else ""
    return "?" if each.cost_source == "unpriced" else mark + figures.usd(each.cost)


def ended(each: RequestView) -> str:
    """Return how a request ended, in a word or two."""
    if only_counted(each):
        return "counted"
    if each.result in {None, "answered", "running"}:
        return each.result or "-"
    return f"{each.result.replace('_', ' ')} {each.code or each.status or ''}".strip()


def _cells(each: RequestView) -> tuple[str, ...]:
    model = "-" if each.provider is None else f"{each.provider}/{each.model}"
    return (
        f"{each.at[:19]}Z".replace("T", " "),
        each.session,
        each.asked or "-" if model == "-" else model,
        ended(each),
        str(each.attempts),
        figures.count(each.input_tokens),
        figures.count(each.cache_read_tokens),
        figures.count(each.output_tokens),
        cost_of(each),
        ms(each.first_token_ms if each.first_token_ms is not None else each.ttfb_ms),
        ms(each.duration_ms),
        each.id,
    )


def ms(duration: int | None) -> str:
    """Return milliseconds: 850ms, 2.1s, 3m20s; a dash for none."""
    if duration is None:
        return "-"
    if duration < 1000:
        return f"{duration}ms"
    if duration < 60_000:
        return f"{duration / 1000:.1f}s"
    return figures.seconds(duration / 1000)
