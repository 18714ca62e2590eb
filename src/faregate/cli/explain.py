"""`faregate explain`: what happened to one request, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from faregate.cli import output
from faregate.cli.exit_codes import ExitCode
from faregate.cli.explanation import lines
from faregate.config.load import load
from faregate.config.paths import find_paths

if TYPE_CHECKING:
    from faregate.bookkeeping import Bookkeeping


@click.command()
@click.argument("request")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def explain(request: str, as_json: bool) -> int:
    """Tell each decision about one request: limits, budgets, route, attempts, prices.

    REQUEST is an id of `faregate requests`, what an answer's header
    x-faregate-request-id said, or "last".
    """
    paths = find_paths()
    settings = load(paths)
    from faregate.bookkeeping import Bookkeeping

    books = Bookkeeping(settings, paths)
    found = books.explain(_last(books) if request == "last" else request)
    if found is None:
        raise output.CliError(
            f"there is no request {request!r}; faregate requests lists them",
            exit_code=ExitCode.FAILED,
            code="no_such_request",
        )
    if as_json:
        output.document(found)
        return 0
    for line in lines(found):
        output.result(line)
    return 0


def _last(books: Bookkeeping) -> str:
    latest = books.requests(session=None, since_ms=0, limit=1)
    if not latest:
        raise output.CliError(
            "no request is known yet",
            exit_code=ExitCode.FAILED,
            code="no_such_request",
        )
    return latest[0].id
