"""`faregate demo`: scripted agents through the real gate, at no cost."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from faregate.cli import output
from faregate.cli.exit_codes import ExitCode
from faregate.cli.status import session_lines
from faregate.control.retries import by_agent, retries_of

if TYPE_CHECKING:
    from faregate.demo import DemoResult


@click.command()
@click.option("--headless", is_flag=True, help="No screen: print a summary and end.")
@click.option("--seed", default=7, show_default=True, help="Another seed, other runs.")
def demo(headless: bool, seed: int) -> int:
    """Watch scripted agents run through the gate; costs nothing.

    Uses a simulated provider, free ports and a home that is thrown away afterwards.
    """
    if headless:
        return _headless(seed)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise output.CliError(
            "the demo's live view needs a terminal; without one: faregate demo "
            "--headless",
            exit_code=ExitCode.USAGE,
            code="no_terminal",
        )
    # Loaded here: everything else starts without the engine and the screen.
    from faregate.config.paths import themes_dir
    from faregate.demo import playing
    from faregate.tui.attach import run

    with playing(seed) as paths:
        return run(
            paths.socket,
            theme=None,
            ascii_only=False,
            themes_dir=themes_dir(),
            user_themes_dir=None,
            keys={},
            farewell="faregate: the demo is over; nothing was spent",
            demo=True,
        )


def _headless(seed: int) -> int:
    # Loaded here: everything else starts without the engine.
    from faregate.demo import play_headless

    output.note("faregate: five scripted agents run through a gate with a cap ...")
    played = play_headless(seed)
    for line in _summary(played):
        output.result(line)
    return ExitCode.OK if _agrees(played) else ExitCode.FAILED


def _agrees(played: DemoResult) -> bool:
    return played.bill == played.booked <= played.limit


def _summary(played: DemoResult) -> list[str]:
    """Return the table of sessions and the comparison with the provider's bill."""
    status = played.status
    lines = session_lines(status.sessions)
    retries, agents = retries_of(*status.sessions), by_agent(status.sessions)
    refused = [run for run in played.runs if run.stopped_by]
    lines += ["", f"retries                {retries}, {agents} of them by agents"]
    lines += [f"stopped by the gate    {run.name}: {run.stopped_by}" for run in refused]
    lines += [f"went on elsewhere      {each}" for each in played.moved]
    lines += [f"asked a person         {each}" for each in played.decided]
    verdict = "they agree" if _agrees(played) else "THEY DIFFER"
    lines += [
        "",
        f"booked by the gate     ${played.booked.exact()}",
        f"billed by the provider ${played.bill.exact()}   {verdict}",
        f"monthly cap            {played.limit}",
    ]
    return lines
