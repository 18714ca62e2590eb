"""`faregate report`: what was spent, by whatever one likes to know."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING

import click

from faregate.cli import figures, output
from faregate.cli.since import HELP, since_ms
from faregate.cli.spreadsheet import harmless
from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.control.cost_log import REPORT_BY

if TYPE_CHECKING:
    from faregate.control.cost_log import Report, SumView

_HEADER = (
    "COST", "WASTED", "UNKNOWN", "REQUESTS", "RETRY", "ESCALATED", "ERRORS", "IN",
    "CACHED", "OUT",
)  # fmt: skip


@click.command()
@click.option(
    "--by",
    type=click.Choice(REPORT_BY),
    default="model",
    show_default=True,
    help="What to sum by; target is provider/model.",
)
@click.option("--since", default="7d", show_default=True, help=HELP)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV for a spreadsheet.")
def report(by: str, since: str, as_json: bool, as_csv: bool) -> int:
    """Spend, waste, retries and escalations, summed by one thing.

    Waste is what answers cost that were thrown away. The cost of an accepted outcome
    is known once outcomes are: faregate outcome SESSION accepted.
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")
    paths = find_paths()
    settings = load(paths)
    start = since_ms(since, settings.budget.timezone)
    # Loaded here: a usage error needs nothing of it.
    from faregate.bookkeeping import Bookkeeping

    found = Bookkeeping(settings, paths).report(by, since_ms=start)
    if as_json:
        output.document(found)
    elif as_csv:
        _csv(found)
    else:
        for line in lines(found):
            output.result(line)
    return 0


def lines(found: Report) -> list[str]:
    """Return the report for a person."""
    when = "ever" if found.since is None else f"since {found.since[:16]}Z"
    if not found.rows:
        return [f"nothing was asked {when}"]
    judged = any(row.accepted for row in found.rows) or found.total.accepted
    header = [found.by.upper(), *_HEADER, *(["PER ACCEPTED"] if judged else [])]
    rows = [_cells(row, row.key or "-", judged=bool(judged)) for row in found.rows]
    rows.append(_cells(found.total, "all", judged=bool(judged)))
    told = output.table(header, rows, align="<" + ">" * (len(header) - 1))
    told += ["", f"{when}; {_notes(found.total)}"]
    return told


def _cells(row: SumView, key: str, *, judged: bool) -> list[str]:
    mark = "~" if row.estimated else ""
    shown = [
        key,
        mark + figures.usd(row.cost),
        figures.usd(row.wasted),
        figures.usd(row.unknown),
        figures.count(row.requests),
        percent(row.retry_rate),
        percent(row.escalation_rate),
        percent(row.error_rate),
        figures.count(row.input_tokens),
        figures.count(row.cache_read_tokens),
        figures.count(row.output_tokens),
    ]
    return [*shown, figures.usd(row.cost_per_accepted)] if judged else shown


def percent(share: float) -> str:
    """Return a share as a percentage, a dash for none."""
    if share == 0:
        return "-"
    return f"{share * 100:.0f}%" if share >= 0.1 else f"{share * 100:.1f}%"


def _notes(total: SumView) -> str:
    told = [f"{total.attempts} attempts"]
    if total.ttfb_ms is not None:
        told.append(f"first byte after {total.ttfb_ms} ms on average")
    if total.first_token_ms is not None:
        told.append(f"first token after {total.first_token_ms} ms")
    if total.estimated:
        told.append(f"{total.estimated} estimated (~)")
    if total.unpriced:
        told.append(f"{total.unpriced} without a price (?)")
    if total.judged:
        told.append(f"{total.accepted} of {total.judged} judged sessions accepted")
    return ", ".join(told)


def _csv(found: Report) -> None:
    names = found.total.__struct_fields__
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([found.by, *names[1:]])
    for row in found.rows:
        writer.writerow([harmless(getattr(row, name)) for name in names])
