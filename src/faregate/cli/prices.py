"""`faregate prices`: which price counts for a model, and where it is from."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import click

from faregate.cli import output
from faregate.cli.exit_codes import ExitCode
from faregate.cli.price_cells import offer_document, price_cells
from faregate.cli.prices_set import set_price, unset_price
from faregate.cli.showing import ShowsUnlessTold
from faregate.cli.since import now_ms
from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.core.routing import Target

if TYPE_CHECKING:
    from faregate.config.settings import Settings
    from faregate.tariff import Tariff

_HEADER = ("MODEL", "INPUT", "CACHED", "WRITE", "WRITE 1H", "OUTPUT", "FROM", "ALSO")
MOST = 200
"""Rows that a person is shown unasked."""


@click.group(cls=ShowsUnlessTold)
def prices() -> int:
    """Show prices, or set that of a model while the proxy runs.

    faregate prices MODEL is short for faregate prices show MODEL.
    """
    return 0


prices.add_command(set_price)
prices.add_command(unset_price)


@prices.command()
@click.argument("models", nargs=-1, metavar="[MODEL...]")
@click.option(
    "--at", metavar="DATE", help="The UTC date they count at.  [default: today]"
)
@click.option("--service", metavar="CLASS", help="A service class: flex, priority ...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def show(
    models: tuple[str, ...], at: str | None, service: str | None, as_json: bool
) -> int:
    """Show price rows in force, in USD per million tokens.

    MODEL is provider/model, a provider, or a part of a name. Without one: your own
    prices and those of your routes. Your own go first, then the bundled table.
    """
    settings = load(find_paths())
    day = date_of(at)
    from faregate.tariff import Tariff

    tariff = Tariff(settings, day)
    targets = tariff.find(models) if models else _own(settings)
    offers = [tariff.offer(target, service=service) for target in targets]
    if models and not offers:
        raise output.CliError(
            f"no model is called {' '.join(models)!r}; a price of your own: faregate "
            f"prices set {_target_of(models[0], settings)} INPUT OUTPUT",
            exit_code=ExitCode.FAILED,
            code="no_such_model",
        )
    if as_json:
        output.document(
            {
                "at": day.isoformat(),
                "bundled": _generated(tariff),
                "prices": [offer_document(offer) for offer in offers],
            }
        )
        return 0
    if not offers:
        output.result("no price of your own; faregate prices MODEL looks one up")
        return 0
    for line in output.table(
        _HEADER, [price_cells(each) for each in offers[:MOST]], align="<>>>>><<"
    ):
        output.result(line)
    if len(offers) > MOST:
        output.note(f"faregate: {len(offers) - MOST} more; name them more closely")
    output.note(
        f"faregate: USD per million tokens at {day}; table of {tariff.generated}"
    )
    return 0


def date_of(text: str | None) -> date:
    """Read a date, today in UTC for none; raises UsageError."""
    if text is None:
        return datetime.fromtimestamp(now_ms() / 1000, UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise click.UsageError(
            f"--at {text!r} is no date; write it like 2026-11-23"
        ) from error


def _target_of(name: str, settings: Settings) -> str:
    """Return a name as `prices set` takes it: what lacks a provider says so."""
    provider, _, model = name.partition("/")
    named = bool(model) and provider in settings.providers
    return name if named else f"provider/{name}"


def _own(settings: Settings) -> list[Target]:
    found = {
        Target(provider=row.provider, model=row.model): None
        for row in settings.price_overrides
    }
    for route in settings.routes:
        for each in route.targets:
            found[Target(provider=each.provider, model=each.model)] = None
    return list(found)


def _generated(tariff: Tariff) -> str | None:
    return None if tariff.generated is None else tariff.generated.isoformat()
