"""What an estimate assumes: what the options say, and history for the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

import click

from faregate.cli.exit_codes import ExitCode
from faregate.cli.figures import seconds
from faregate.cli.output import CliError
from faregate.cli.since import now_ms, since_ms
from faregate.core.routing import Target
from faregate.core.workload import Workload, workload_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.bookkeeping import Bookkeeping
    from faregate.config.paths import Paths
    from faregate.config.settings import Settings
    from faregate.control.cost_log import SumView

_T = TypeVar("_T")
_DAY_MS = 86_400_000
LEAST_DAYS = 1
"""No month is told from a shorter history: it has not seen a night."""
RELIABLE_DAYS = 7
"""A shorter history has not seen every day of a week."""
RELIABLE_REQUESTS = 50
"""Fewer say little about what a request is like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the options say; None leaves it to history. Shares go from 0 to 1."""

    requests: Decimal | None
    """A day."""
    input_tokens: int | None
    output_tokens: int | None
    cached: Decimal | None
    cache_write: Decimal | None
    escalated: Decimal | None

    @property
    def is_whole(self) -> bool:
        """Tell whether no history is needed."""
        needed = (self.requests, self.input_tokens, self.output_tokens)
        return all(each is not None for each in needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """The history that an estimate rests on."""

    days: Decimal
    """From the first request of it until now."""
    requests: int

    @property
    def reliable(self) -> bool:
        """Tell whether it is long enough to speak for a month."""
        return self.days >= RELIABLE_DAYS and self.requests >= RELIABLE_REQUESTS

    def __str__(self) -> str:
        """Return "2.1 days and 340 requests of history"."""
        days = seconds(float(self.days) * 86_400)
        if self.days >= 1:
            days = f"{self.days:.1f} days"
        return f"{days} and {self.requests:,} requests of history"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """A workload, and where it is from."""

    workload: Workload
    source: str
    """"options", "history" or "history and options"."""
    used: tuple[Target, ...] = ()
    """What was asked, the dearest first."""
    escalated: Mapping[str, Decimal] = field(default_factory=dict)
    """The share of each route's requests that was asked again of a dearer model."""
    basis: Basis | None = None
    """None where the options say everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _History:
    days: Decimal
    total: SumView
    used: tuple[Target, ...]
    escalated: Mapping[str, Decimal]


def assume(
    given: Given, settings: Settings, paths: Paths, *, since: str, days: int
) -> Assumed:
    """Return what to assume; raises UsageError where nothing says enough.

    A rate from a history of less than a day is no rate: CliError.
    """
    start = since_ms(since, settings.budget.timezone)
    # Loaded here: a usage error needs nothing of it.
    from faregate.bookkeeping import Bookkeeping

    past = _history(Bookkeeping(settings, paths), start)
    if past is None and not given.is_whole:
        raise click.UsageError(
            "there is no history to go by; say --requests, --input and --output"
        )
    basis = None
    if past is not None and not given.is_whole:
        basis = Basis(days=past.days, requests=past.total.requests)
        if given.requests is None and past.days < LEAST_DAYS:
            raise CliError(
                f"{basis}: too little to tell a month from. Say how many requests a "
                "day has, with --requests; what they are like is taken from history",
                exit_code=ExitCode.FAILED,
                code="too_little_history",
            )
    workload = _workload(given, past, days)
    escalated: Mapping[str, Decimal] = {} if past is None else past.escalated
    if given.escalated is not None:
        escalated = {route.name: given.escalated for route in settings.routes}
    anything = any(
        value is not None
        for value in (
            given.requests, given.input_tokens, given.output_tokens, given.cached,
            given.cache_write,
        )
    )  # fmt: skip
    mixed = "history and options" if anything else "history"
    return Assumed(
        workload=workload,
        source="options" if given.is_whole else mixed,
        used=() if past is None else past.used,
        escalated=escalated,
        basis=basis,
    )


def _workload(given: Given, past: _History | None, days: int) -> Workload:
    total = None if past is None else past.total
    requests = Decimal(0 if total is None else total.requests)
    per_day = requests / past.days if past is not None and past.days else requests
    tokens = 0 if total is None else total.input_tokens
    made = 0 if total is None else total.output_tokens
    by_history = not given.is_whole and total is not None
    cached = given.cached
    written = given.cache_write
    if by_history and total is not None and tokens:
        cached = _or(cached, Decimal(total.cache_read_tokens) / tokens)
        written = _or(written, Decimal(total.cache_write_tokens) / tokens)
    cached = _or(cached, Decimal(0))
    try:
        return workload_of(
            requests=_or(given.requests, per_day) * days,
            input_tokens=_or(given.input_tokens, _mean(tokens, requests)),
            output_tokens=_or(given.output_tokens, _mean(made, requests)),
            cached=cached,
            # What history wrote can be no more than an option leaves.
            cache_write=_or(
                given.cache_write, min(_or(written, Decimal(0)), 1 - cached)
            ),
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _history(books: Bookkeeping, start: int) -> _History | None:
    first = next(iter(books.attempts(since_ms=start)), None)
    if first is None:
        return None
    by_target = books.report("target", since_ms=start)
    routes = books.report("route", since_ms=start).rows
    began = datetime.fromisoformat(first.at).timestamp() * 1000
    elapsed = Decimal(now_ms() - max(start, int(began))) / _DAY_MS
    targets = [(row.key or "").partition("/") for row in by_target.rows]
    return _History(
        days=elapsed,
        total=by_target.total,
        used=tuple(Target(provider=p, model=m) for p, slash, m in targets if slash),
        escalated={
            row.key: min(Decimal(1), Decimal(str(row.escalation_rate)))
            for row in routes
            if row.key
        },
    )


def _mean(total: int, count: Decimal) -> int:
    return int(-(-total // count)) if count else 0


def _or(value: _T | None, otherwise: _T) -> _T:
    return otherwise if value is None else value
