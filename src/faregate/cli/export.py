"""`faregate export`: every attempt of the cost log, for other programs."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING

import click

from faregate.cli.since import HELP, since_ms
from faregate.cli.spreadsheet import harmless
from faregate.config.load import load
from faregate.config.paths import find_paths

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faregate.control.cost_log import AttemptView


@click.command()
@click.option("--csv", "form", flag_value="csv", help="CSV with a header line.")
@click.option("--jsonl", "form", flag_value="jsonl", help="One JSON object a line.")
@click.option("--json", "form", flag_value="json", help="One JSON document.")
@click.option("--since", default="all", show_default=True, help=HELP)
def export(form: str | None, since: str) -> int:
    """Write every attempt, the oldest first, as CSV, JSON lines or one JSON document.

    Money is in USD as exact decimal text. Any number of rows goes through a small
    and constant amount of memory.
    """
    if form is None:
        raise click.UsageError("write --csv, --jsonl or --json")
    paths = find_paths()
    settings = load(paths)
    start = since_ms(since, settings.budget.timezone)
    from faregate.bookkeeping import Bookkeeping

    attempts = Bookkeeping(settings, paths).attempts(since_ms=start)
    if form == "csv":
        write_csv(attempts)
    elif form == "jsonl":
        write_jsonl(attempts)
    else:
        write_json(attempts)
    return 0


def write_csv(attempts: Iterable[AttemptView]) -> None:
    """Write CSV to stdout; text from outside cannot become a formula."""
    from faregate.control.cost_log import AttemptView

    names = AttemptView.__struct_fields__
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    for each in attempts:
        writer.writerow([harmless(getattr(each, name)) for name in names])


def write_json(attempts: Iterable[AttemptView]) -> None:
    """Write one JSON document to stdout, a row at a time."""
    import msgspec

    encode = msgspec.json.Encoder().encode
    sys.stdout.write('{"attempts": [')
    between = "\n"
    for each in attempts:
        sys.stdout.write(between + encode(each).decode())
        between = ",\n"
    sys.stdout.write("\n]}\n")


def write_jsonl(attempts: Iterable[AttemptView]) -> None:
    """Write one JSON object a line to stdout."""
    import msgspec

    encode = msgspec.json.Encoder().encode
    for each in attempts:
        sys.stdout.write(encode(each).decode() + "\n")
