"""`faregate audit`: what persons decided, who and when, one line each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from faregate.cli import figures, output
from faregate.cli.since import HELP, since_ms
from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.control.cost_log import MOST_ROWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.control.cost_log import AuditView

_HEADER = ("AT", "WHO", "WHAT", "OF", "WAS", "NOW", "NOTE")
_WORDS = {
    "limit": "budget",
    "session limit": "limit",
    "resolve": "hold",
    "correct": "cost",
    "reopen": "budget opened",
    "key": "key made",
    "revoke": "key taken back",
    "resume": "resumed",
}
_AMOUNT = re.compile(r"\d+(\.\d+)?")
_PEER = re.compile(r"uid (\d+)( pid \d+)")


@click.command()
@click.option("--since", default="all", show_default=True, help=HELP)
@click.option(
    "--limit",
    type=click.IntRange(1, MOST_ROWS),
    default=50,
    show_default=True,
    help="How many at most, the newest first.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def audit(since: str, limit: int, as_json: bool) -> int:
    """List what persons decided, the newest first: caps, limits, prices, approvals,
    holds, corrections, outcomes, keys, and what was paused, stopped or resumed.

    No entry is ever changed or deleted. WHO is the user and process that asked;
    "faregate" is the proxy itself, at the end of a raise for a while.
    """
    paths = find_paths()
    settings = load(paths)
    start = since_ms(since, settings.budget.timezone)
    from faregate.bookkeeping import Bookkeeping

    found = Bookkeeping(settings, paths).audit(since_ms=start, limit=limit)
    if as_json:
        output.document({"decisions": found})
        return 0
    for line in lines(found):
        output.result(line)
    if len(found) == limit:
        output.note(f"faregate: only the newest {limit}; more: --limit")
    return 0


def lines(found: Sequence[AuditView]) -> list[str]:
    """Return decisions for a person."""
    if not found:
        return ["nobody has decided anything yet"]
    return output.table(_HEADER, [_cells(each) for each in found])


def _cells(each: AuditView) -> tuple[str, ...]:
    return (
        f"{each.at[:19]}Z".replace("T", " "),
        _PEER.sub(_named, each.who),
        _WORDS.get(each.what, each.what),
        _subject(each),
        _value(each, each.before),
        _value(each, each.after),
        each.note or "",
    )


def _subject(each: AuditView) -> str:
    """Return what was decided about: a budget by the name that its command takes."""
    if each.what in {"limit", "reopen"}:
        return figures.budget_name(*each.subject.rsplit(" ", 1))
    return each.subject if each.session is None else f"{each.subject} {each.session}"


def _value(each: AuditView, value: str | None) -> str:
    if value is None:
        return "-"
    if each.what not in {"limit", "resolve", "correct"}:
        return value
    return _AMOUNT.sub(lambda found: figures.usd(found[0]), value)


def _named(peer: re.Match[str]) -> str:
    """Return a user by the name that this machine has for it."""
    try:
        import pwd

        return pwd.getpwuid(int(peer[1])).pw_name + peer[2]
    except (ImportError, KeyError, OverflowError):
        return peer[0]
