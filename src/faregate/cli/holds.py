"""`faregate holds`: money that is set aside, and what nobody can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from faregate.cli import figures, output
from faregate.cli.budget import amount_of
from faregate.cli.confirm import require_person
from faregate.cli.exit_codes import ExitCode
from faregate.config.paths import find_paths
from faregate.control.client import ControlClient
from faregate.control.errors import ControlError
from faregate.control.models import HoldView, ResolveHold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.control.cost_client import CostClient
    from faregate.control.cost_log import AttemptView
    from faregate.core.money import Money


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def holds(ctx: click.Context, as_json: bool) -> int:
    """List money set aside for running requests, and what nobody can tell.

    An unknown hold counts in full against its budgets until a person resolves it.
    """
    if ctx.invoked_subcommand is not None:
        return 0
    found = ControlClient(find_paths().socket).holds()
    if as_json:
        output.document({"holds": found})
        return 0
    for line in lines(found):
        output.result(line)
    if any(each.state == "unknown" for each in found):
        output.note(
            "faregate: look an unknown one up at the provider, then: "
            "faregate holds resolve ID spent AMOUNT (or: void)"
        )
    return 0


@holds.command()
@click.argument("hold")
@click.argument("verdict", type=click.Choice(["spent", "void"]))
@click.argument("amount", required=False)
@click.option("--note", help="Why, for the audit.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def resolve(
    hold: str, verdict: str, amount: str | None, note: str | None, as_json: bool
) -> int:
    """Settle an unknown hold: resolve ID spent AMOUNT, or resolve ID void.

    HOLD is the id that `faregate holds` shows, or its beginning.
    """
    spent = _spent(verdict, amount)
    paths = find_paths()
    client = ControlClient(paths.socket)
    found = _one(client.holds(), hold)
    shown = "nothing" if spent is None else str(spent)
    confirmed = require_person(
        paths,
        f"Book {shown} for {found.model} instead of the {figures.usd(found.amount)} "
        f"held since {found.held_at}?",
        answer="yes",
    )
    exact = None if spent is None else spent.exact()
    client.resolve(
        ResolveHold(id=found.id, spent=exact, note=note), confirmed=confirmed
    )
    if as_json:
        output.document({"id": found.id, "spent": exact})
    else:
        output.result(f"{found.id}: {shown} spent")
    return 0


@holds.command()
@click.argument("attempt")
@click.argument("amount")
@click.option("--note", required=True, help="Why, for the audit.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def correct(attempt: str, amount: str, note: str, as_json: bool) -> int:
    """Correct what a finished attempt cost: correct ATTEMPT AMOUNT --note WHY.

    ATTEMPT is an id of `faregate explain` or `faregate export`. Budgets and reports
    follow; a budget that its bill had closed opens where there is room again.
    """
    cost = _cost(amount, note)
    paths = find_paths()
    # Loaded here: listing holds has no use for it.
    from faregate.control.cost_client import CostClient
    from faregate.control.cost_log import CorrectCost

    client = CostClient(paths.socket)
    found = _finished(client, attempt)
    confirmed = require_person(
        paths,
        f"Book {cost} for {found.provider}/{found.model} instead of the "
        f"{figures.usd(found.cost)} booked for {found.at}?",
        answer="yes",
    )
    asked = CorrectCost(attempt=found.attempt, amount=cost.exact(), note=note)
    done = client.correct(asked, confirmed=confirmed)
    if as_json:
        output.document(done)
        return 0
    output.result(f"{done.attempt}: {cost} instead of {figures.usd(done.before)}")
    for budget in done.reopened:
        output.note(f"faregate: the {budget} takes requests again")
    return 0


def lines(found: Sequence[HoldView]) -> list[str]:
    """Return a table of holds."""
    if not found:
        return ["no money is held"]
    return output.table(
        ("AMOUNT", "STATE", "ID", "MODEL", "SESSION", "SINCE", "WHY"),
        [
            (
                figures.usd(each.amount),
                each.state,
                each.id,
                f"{each.provider}/{each.model}",
                each.session,
                each.held_at,
                each.why or "-",
            )
            for each in found
        ],
        align="><<<<<<",
    )


def _spent(verdict: str, amount: str | None) -> Money | None:
    if verdict == "void":
        if amount is not None:
            raise click.UsageError("void takes no amount")
        return None
    if amount is None:
        raise click.UsageError("spent needs an amount in USD")
    spent = amount_of(amount)
    if spent is None:
        raise click.UsageError("write void when nothing was billed")
    return spent


def _cost(amount: str, note: str) -> Money:
    if not 1 <= len(note.strip()) <= 500:
        raise click.UsageError("--note says why, in 1 to 500 characters")
    cost = amount_of(amount)
    if cost is None:
        raise click.UsageError("write 0 when nothing was billed")
    return cost


def _finished(client: CostClient, attempt: str) -> AttemptView:
    try:
        told = client.explain(attempt)
    except ControlError as error:
        if error.code != "not_found":
            raise
        told = None
    for each in () if told is None else told.attempts:
        if each.attempt == attempt:
            return each
    raise output.CliError(
        f"there is no attempt {attempt!r}; faregate explain REQUEST names them",
        exit_code=ExitCode.FAILED,
        code="no_such_attempt",
    )


def _one(found: Sequence[HoldView], prefix: str) -> HoldView:
    matching = [each for each in found if each.id.startswith(prefix)]
    exact = [each for each in matching if each.id == prefix]
    if len(exact or matching) == 1:
        return (exact or matching)[0]
    problem = f"{len(matching)} holds begin with" if matching else "there is no hold"
    raise output.CliError(
        f"{problem} {prefix!r}; faregate holds lists them",
        exit_code=ExitCode.FAILED,
        code="no_such_hold",
    )
