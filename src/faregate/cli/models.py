"""`faregate models`: what can be asked for, with its window and price."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from faregate.cli import output
from faregate.cli.exit_codes import ExitCode
from faregate.cli.price_cells import offer_document, per_mtok, size
from faregate.cli.prices import MOST, date_of
from faregate.config.load import load
from faregate.config.paths import find_paths

if TYPE_CHECKING:
    from faregate.config.settings import Settings
    from faregate.tariff import Offer

_HEADER = ("MODEL", "CONTEXT", "MAX OUT", "INPUT", "CACHED", "OUTPUT")


@click.command()
@click.argument("names", nargs=-1, metavar="[MODEL...]")
@click.option(
    "--all", "every", is_flag=True, help="Those of providers without a key too."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def models(names: tuple[str, ...], every: bool, as_json: bool) -> int:
    """List models that an agent can name: your routes, then provider/model.

    MODEL is provider/model, a provider, or a part of a name. Prices are in USD per
    million tokens, as of today.
    """
    settings = load(find_paths())
    from faregate.tariff import Tariff

    tariff = Tariff(settings, date_of(None))
    if names:
        targets = tariff.find(names)
        if not targets:
            raise output.CliError(
                f"no model is called {' '.join(names)!r}: faregate models --all",
                exit_code=ExitCode.FAILED,
                code="no_such_model",
            )
    else:
        targets = tariff.find(()) if every else tariff.usable()
    offers = [tariff.offer(target) for target in targets]
    routes = [] if names else _routes(settings)
    if as_json:
        output.document(
            {"routes": routes, "models": [offer_document(each) for each in offers]}
        )
        return 0
    for line in _lines(routes, offers):
        output.result(line)
    if len(offers) > MOST:
        output.note(f"faregate: {len(offers) - MOST} more; name them more closely")
    return 0


def _routes(settings: Settings) -> list[dict[str, Any]]:
    return [
        {
            "route": route.name,
            "models": list(route.models),
            "targets": [str(target) for target in route.targets],
        }
        for route in settings.routes
    ]


def _lines(routes: list[dict[str, Any]], offers: list[Offer]) -> list[str]:
    told: list[str] = []
    if routes:
        rows = [
            (each["route"], ", ".join(each["models"]), " -> ".join(each["targets"]))
            for each in routes
        ]
        told += [*output.table(("ROUTE", "ANSWERS TO", "TARGETS"), rows), ""]
    if not offers:
        return [*told, "no provider has a key: faregate providers, or models --all"]
    return told + output.table(
        _HEADER, [_cells(each) for each in offers[:MOST]], align="<>>>>>"
    )


def _cells(offer: Offer) -> tuple[str, ...]:
    sizes = (size(offer.facts.context), size(offer.facts.max_output))
    row = offer.row
    if row is None:
        return (str(offer.target), *sizes, "?", "?", "?")
    if not (row.base.input or row.base.output):
        return (str(offer.target), *sizes, row.source, "", "")
    base = row.base
    costs = (per_mtok(rate) for rate in (base.input, base.cache_read, base.output))
    return (str(offer.target), *sizes, *costs)
