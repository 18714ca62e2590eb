"""`faregate replay`: a past span on the screen again, faster than it was."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

import click

from faregate.cli import output
from faregate.cli.exit_codes import ExitCode
from faregate.cli.since import since_ms
from faregate.config.load import load
from faregate.config.paths import find_paths, themes_dir

if TYPE_CHECKING:
    from faregate.bookkeeping import Bookkeeping
    from faregate.control.cost_log import AttemptView

MOST_ATTEMPTS = 200_000


@click.command()
@click.option("--since", default="24h", show_default=True, help="Where it begins.")
@click.option("--until", help="Where it ends; like --since. Default: now.")
@click.option(
    "--speed",
    default=60.0,
    show_default=True,
    type=click.FloatRange(min=0.1, max=100_000),
    help="Times as fast as it was.",
)
def replay(since: str, until: str | None, speed: float) -> int:
    """Show a past span on the screen again: faregate replay --since 8h --speed 600.

    Told from the ledger: what was sent, what it cost, what was in vain. Nothing can be
    changed from it, and nothing is asked of agents or providers.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise output.CliError(
            "a replay needs a terminal; faregate export prints what it is made of",
            exit_code=ExitCode.USAGE,
            code="no_terminal",
        )
    paths = find_paths()
    settings = load(paths)
    zone = settings.budget.timezone
    first = since_ms(since, zone)
    last = None if until is None else since_ms(until, zone)
    # Loaded here: everything else starts without the ledger and the screen.
    from faregate.bookkeeping import Bookkeeping
    from faregate.tui.attach import run
    from faregate.tui.replay import Replay, ReplayClock

    found = attempts_between(Bookkeeping(settings, paths), first, last)
    if not found:
        raise output.CliError(
            f"nothing was sent since {since}",
            exit_code=ExitCode.FAILED,
            code="nothing_there",
        )
    start = datetime.fromisoformat(found[0].at)
    told = Replay(found, start)
    clock = ReplayClock(start, told.end + timedelta(seconds=1), speed)
    return run(
        paths.socket,
        theme=settings.theme.name,
        ascii_only=settings.theme.ascii,
        themes_dir=themes_dir(),
        user_themes_dir=paths.user_themes if paths.user_themes.is_dir() else None,
        keys=settings.keys,
        motion=settings.theme.motion,
        replay=(told, clock, f"{speed:g}x"),
    )


def attempts_between(
    books: Bookkeeping, first_ms: int, last_ms: int | None
) -> list[AttemptView]:
    """Return the attempts of a span, the oldest first; raises CliError for too many."""
    found = list(islice(books.attempts(since_ms=first_ms), MOST_ATTEMPTS + 1))
    if len(found) > MOST_ATTEMPTS:
        raise output.CliError(
            f"more than {MOST_ATTEMPTS:,} attempts: choose a shorter span",
            exit_code=ExitCode.USAGE,
            code="too_long",
        )
    if last_ms is None:
        return found
    end = datetime.fromtimestamp(last_ms / 1000, UTC)
    return [each for each in found if datetime.fromisoformat(each.at) <= end]
