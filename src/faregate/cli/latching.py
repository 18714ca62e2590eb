"""What pause, stop and resume have together: whom they mean, and what they say."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from faregate.cli import output
from faregate.cli.exit_codes import ExitCode
from faregate.core.identity import is_name

if TYPE_CHECKING:
    from faregate.control.client import ControlClient
    from faregate.control.governing import LatchAnswer

_F = TypeVar("_F", bound=Callable[..., object])


def scope_options(command: _F) -> _F:
    """Add what names a scope: a session, a workspace, or everything."""
    for option in (
        click.option(
            "--json", "as_json", is_flag=True, help="Print one JSON document."
        ),
        click.option("--all", "everything", is_flag=True, help="Everything."),
        click.option("--workspace", "-w", help="Every session of a workspace."),
        click.argument("session", required=False),
    ):
        command = option(command)
    return command


def scope_of(
    client: ControlClient, session: str | None, workspace: str | None, everything: bool
) -> str:
    """Return the one scope that was named; UsageError for none or several."""
    named = [session is not None, workspace is not None, everything]
    if sum(named) != 1:
        raise click.UsageError("name one of: SESSION, --workspace NAME, --all")
    if everything:
        return "all"
    if workspace is not None:
        if not is_name(workspace):
            raise click.UsageError(f"--workspace {workspace!r} is no name for a label")
        return f"workspace:{workspace}"
    return f"session:{session_named(client, session or '')}"


def session_named(client: ControlClient, wanted: str) -> str:
    """Return the session of this name, or the only one that begins like it.

    What no session is called stays as it is: a run may not have asked anything yet.
    """
    ids = [each.id for each in client.status().sessions]
    if wanted in ids:
        return wanted
    alike = [each for each in ids if each.startswith(wanted) and "/" not in each]
    if len(alike) > 1:
        raise output.CliError(
            f"{wanted!r} could be: {', '.join(alike[:5])}",
            exit_code=ExitCode.USAGE,
            code="ambiguous",
        )
    return alike[0] if alike else wanted


def show(client: ControlClient, *, as_json: bool) -> int:
    """List what is paused or stopped; return the exit code."""
    found = client.latches()
    if as_json:
        output.document({"latches": found})
        return 0
    if not found:
        output.note("faregate: nothing is paused or stopped")
        return 0
    rows = [(each.scope, each.state, each.at) for each in found]
    for line in output.table(("SCOPE", "STATE", "SINCE"), rows):
        output.result(line)
    return 0


def tell(answer: LatchAnswer, done: str, *, as_json: bool) -> int:
    """Say what became of it; return the exit code."""
    if as_json:
        output.document(answer)
        return 0
    kind, _, name = answer.scope.partition(":")
    what = "everything" if kind == "all" else f"{kind} {name}"
    if answer.over:
        output.note(
            f"faregate: {what} had ended already: nothing of it runs; it is {done} for "
            "whatever still comes under its name"
        )
        return 0
    if not answer.changed:
        output.note(f"faregate: {what} was {done} already")
        return 0
    ended = ""
    if answer.ended:
        plural = "" if answer.ended == 1 else "s"
        ended = f"; {answer.ended} running request{plural} ended"
    output.result(f"{what}: {done}{ended}")
    return 0
