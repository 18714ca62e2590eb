"""`faregate estimate`: what a workload will cost a month, by model and route."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from faregate.cli import figures, output
from faregate.cli.assumptions import RELIABLE_REQUESTS, Assumed, Given, assume
from faregate.cli.exit_codes import ExitCode
from faregate.cli.since import HELP, now_ms
from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.core.workload import DAYS, on_a_route, per_month, per_request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.config.settings import Settings
    from faregate.core.money import Money
    from faregate.core.routing import RouteRule, Target
    from faregate.tariff import Tariff

_HEADER = ("MODEL OR ROUTE", "A MONTH", "A REQUEST", "PRICE FROM")
_SHARE = click.FloatRange(0, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What one model or route would cost; None where no price is known."""

    name: str
    route: bool
    month: Money | None
    request: Money | None
    price: str


@click.command()
@click.argument("models", nargs=-1, metavar="[MODEL...]")
@click.option("--requests", type=click.FloatRange(0, 1e9), help="Requests a day.")
@click.option(
    "--input",
    "input_tokens",
    type=click.IntRange(0, 10**8),
    help="Input tokens of a request, cached ones too.",
)
@click.option(
    "--output",
    "output_tokens",
    type=click.IntRange(0, 10**8),
    help="Output tokens of a request.",
)
@click.option(
    "--cached",
    type=_SHARE,
    metavar="PERCENT",
    help="Of the input, read from the prompt cache.",
)
@click.option(
    "--cache-write", type=_SHARE, metavar="PERCENT", help="Of the input, written to it."
)
@click.option(
    "--escalated",
    type=_SHARE,
    metavar="PERCENT",
    help="Of a route's requests, asked again of its next target.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 31),
    default=DAYS,
    show_default=True,
    help="Days a month.",
)
@click.option(
    "--since", default="30d", show_default=True, help=f"History to go by. {HELP}"
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def estimate(
    models: tuple[str, ...],
    requests: float | None,
    input_tokens: int | None,
    output_tokens: int | None,
    cached: float | None,
    cache_write: float | None,
    escalated: float | None,
    days: int,
    since: str,
    as_json: bool,
) -> int:
    """Estimate a month's cost by model and route, at today's prices.

    What no option says is taken from history: faregate report. A history of less than
    a day says nothing of a month; below a week it is marked as unreliable. Without a
    MODEL, those that were used, and your routes.
    """
    given = Given(
        requests=_decimal(requests),
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cached=_share(cached),
        cache_write=_share(cache_write),
        escalated=_share(escalated),
    )
    paths = find_paths()
    settings = load(paths)
    assumed = assume(given, settings, paths, since=since, days=days)
    estimates = _estimates(settings, models, assumed)
    if as_json:
        output.document(_document(assumed, estimates))
        return 0
    for line in _lines(assumed, estimates):
        output.result(line)
    if assumed.basis is not None and not assumed.basis.reliable:
        output.warn(
            f"unreliable: it rests on {assumed.basis}; a week and "
            f"{RELIABLE_REQUESTS} requests is the least that speaks for a month"
        )
    cap = settings.budget.monthly
    over = [e for e in estimates if cap is not None and e.month and e.month > cap]
    if over:
        output.note(f"faregate: {len(over)} of these pass the monthly cap of {cap}")
    return 0


def _estimates(
    settings: Settings, models: Sequence[str], assumed: Assumed
) -> list[Estimate]:
    # Loaded here: a usage error needs nothing of it.
    from faregate.tariff import Tariff

    at = datetime.fromtimestamp(now_ms() / 1000, UTC)
    tariff = Tariff(settings, at.date())
    targets = tariff.find(models) if models else list(assumed.used)
    if models and not targets:
        raise output.CliError(
            f"no model is called {' '.join(models)!r}: faregate models --all",
            exit_code=ExitCode.FAILED,
            code="no_such_model",
        )
    routes = () if models else settings.routes
    if not targets and not routes:
        raise click.UsageError(
            "name a MODEL: nothing was asked yet, and there is no route"
        )
    found = [_of_target(tariff, target, assumed, at) for target in targets]
    found += [_of_route(tariff, route, assumed, at) for route in routes]
    return sorted(found, key=_cheapest_first)


def _of_target(
    tariff: Tariff, target: Target, assumed: Assumed, at: datetime
) -> Estimate:
    row = tariff.offer(target).row
    return Estimate(
        name=str(target),
        route=False,
        month=None if row is None else per_month(assumed.workload, row, at),
        request=None if row is None else per_request(assumed.workload, row, at),
        price="no price is known" if row is None else row.source,
    )


def _of_route(
    tariff: Tariff, route: RouteRule, assumed: Assumed, at: datetime
) -> Estimate:
    rows = [tariff.offer(target).row for target in route.targets[:2]]
    share = assumed.escalated.get(route.name, Decimal(0))
    known = [row for row in rows if row is not None]
    targets = " -> ".join(map(str, route.targets))
    if len(known) < len(rows):
        return Estimate(
            name=route.name,
            route=True,
            month=None,
            request=None,
            price=f"{targets}: a price is not known",
        )
    return Estimate(
        name=route.name,
        route=True,
        month=on_a_route(assumed.workload, known, share, at),
        request=per_request(assumed.workload, known[0], at),
        price=f"{targets}, {share * 100:.1f}% escalated",
    )


def _cheapest_first(each: Estimate) -> tuple[bool, int, str]:
    unknown = each.month is None
    return unknown, 0 if each.month is None else each.month.pico, each.name


def _lines(assumed: Assumed, estimates: Sequence[Estimate]) -> list[str]:
    rows = [
        (
            f"route {each.name}" if each.route else each.name,
            "?" if each.month is None else f"~{each.month}",
            "?" if each.request is None else f"~{each.request}",
            each.price,
        )
        for each in estimates
    ]
    work = assumed.workload
    tokens = work.uncached_input + work.cache_read + work.cache_write
    return [
        f"{figures.count(round(work.requests))} requests a month, each "
        f"{figures.count(tokens)} tokens in ({figures.count(work.cache_read)} from the "
        f"cache, {figures.count(work.cache_write)} written to it), "
        f"{figures.count(work.output)} out; from {assumed.source}"
        + ("" if assumed.basis is None else f" ({assumed.basis})"),
        "",
        *output.table(_HEADER, rows, align="<>><"),
    ]


def _document(assumed: Assumed, estimates: Sequence[Estimate]) -> dict[str, Any]:
    work = assumed.workload
    return {
        "assumed": {
            "source": assumed.source,
            "history": None
            if assumed.basis is None
            else {
                "days": round(float(assumed.basis.days), 2),
                "requests": assumed.basis.requests,
                "reliable": assumed.basis.reliable,
            },
            "requests_a_month": float(work.requests),
            "uncached_input": work.uncached_input,
            "cache_read": work.cache_read,
            "cache_write": work.cache_write,
            "output": work.output,
            "escalated": {name: float(v) for name, v in assumed.escalated.items()},
        },
        "estimates": [
            {
                "name": each.name,
                "route": each.route,
                "month": None if each.month is None else each.month.exact(),
                "request": None if each.request is None else each.request.exact(),
                "price": each.price,
            }
            for each in estimates
        ],
    }


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _share(percent: float | None) -> Decimal | None:
    return None if percent is None else Decimal(str(percent)) / 100
