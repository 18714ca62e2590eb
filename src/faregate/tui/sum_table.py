"""Sums by model, project, provider, route ...: what each cost, and how well it went."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from faregate.control.retries import retries_of
from faregate.tui.caps import share
from faregate.tui.figures import (
    NOT_KNOWN,
    bare,
    count,
    fine_column,
    milliseconds,
    money,
    percent,
)
from faregate.tui.lines import Span, span
from faregate.tui.table_layout import Column, Row
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.control.cost_log import SumView
    from faregate.core.money import Money

NO_KEY = "(none)"
_COST = (
    Column(
        id="cost",
        title="COST ",
        about="USD; ~ where a part is estimated, ? where a part has no price",
        right=True,
    ),
    Column(id="share", title="SHARE", about="part of the whole", right=True, drop=9),
    Column(id="key", title="NAME", about="what the row sums up", least=16),
)
_UNKNOWN = Column(
    id="unknown",
    title="UNKNOWN",
    about="USD that nobody can tell yet",
    right=True,
)
_WASTED = Column(
    id="wasted", title="WASTED", about="USD of attempts without an answer", right=True
)
MONTH_COLUMNS = (
    *_COST,
    Column(id="requests", title="REQ", about="requests", right=True, drop=8),
    Column(id="input", title="IN", about="input tokens", right=True, drop=5),
    Column(
        id="cache", title="CACHE", about="share of the input read from the cache",
        right=True, drop=4,
    ),
    Column(id="output", title="OUT", about="output tokens", right=True, drop=3),
    Column(
        id="failed", title="FAILED", about="failed attempts of all attempts",
        right=True, drop=2,
    ),
    _UNKNOWN,
    _WASTED,
    Column(
        id="accepted", title="$/DONE", about="USD of judged sessions, for each accepted",
        right=True, optional=True,
    ),
)  # fmt: skip
ROUTE_COLUMNS = (
    *_COST,
    Column(id="requests", title="REQ", about="requests", right=True, drop=6),
    Column(id="attempts", title="TRIES", about="attempts", right=True, drop=8),
    Column(
        id="retries", title="RETRY",
        about="attempts after a request's first, and requests agents repeated",
        right=True, drop=5,
    ),
    Column(
        id="fallbacks", title="FALLBACK", about="attempts at another target after a fault",
        right=True, drop=4,
    ),
    Column(
        id="escalations", title="ESCAL", about="attempts at a better target",
        right=True, drop=3,
    ),
    Column(
        id="failed", title="FAILED", about="failed attempts of all attempts",
        right=True, drop=7,
    ),
    _WASTED,
    Column(
        id="ttft", title="TTFT", about="mean time to the first token", right=True, drop=2
    ),
    Column(
        id="accepted", title="$/DONE", about="USD of judged sessions, for each accepted",
        right=True, optional=True,
    ),
)  # fmt: skip
SUM_COLUMNS = tuple(
    {column.id: column for column in (*MONTH_COLUMNS, *ROUTE_COLUMNS)}.values()
)
"""Every column of both, for the help."""


def sum_rows(
    columns: Sequence[Column], found: Sequence[SumView], total: Money
) -> list[Row]:
    """Return a row for each sum, in the order given: the dearest first."""
    fine = _fine(found)
    return [
        Row(_key(each), partial(_cells, columns, each, total, fine)) for each in found
    ]


def _key(each: SumView) -> str:
    return each.key if each.key is not None else NO_KEY


def _cells(
    columns: Sequence[Column], each: SumView, total: Money, fine: frozenset[str]
) -> tuple[Span, ...]:
    known = _all_cells(each, total, fine)
    return tuple(known[column.id] for column in columns)


def _fine(found: Sequence[SumView]) -> frozenset[str]:
    """Return the columns of money that have four decimals."""
    amounts = {
        "cost": [each.cost for each in found],
        "unknown": [each.unknown for each in found],
        "wasted": [each.wasted for each in found],
        "accepted": [each.cost_per_accepted or "" for each in found],
    }
    return frozenset(name for name, each in amounts.items() if fine_column(each))


def _all_cells(each: SumView, total: Money, fine: frozenset[str]) -> dict[str, Span]:
    wasted, unknown = money(each.wasted), money(each.unknown)
    tokens = each.input_tokens
    done = each.cost_per_accepted
    return {
        "cost": span(_cost(each, "cost" in fine), Tone.SPEND),
        "share": span(share(money(each.cost), total), Tone.MUTED),
        "key": span(_key(each), Tone.MUTED if each.key is None else Tone.TEXT),
        "requests": span(count(each.requests)),
        "attempts": span(count(each.attempts)),
        "retries": span(count(retries_of(each)), _tone(retries_of(each), Tone.RETRY)),
        "fallbacks": span(count(each.fallbacks), _tone(each.fallbacks, Tone.RETRY)),
        "escalations": span(count(each.escalations)),
        "failed": span(f"{each.error_rate * 100:.1f}%", _tone(each.failed, Tone.RETRY)),
        "input": span(count(tokens)),
        "cache": span(percent(each.cache_read_tokens, tokens)),
        "output": span(count(each.output_tokens)),
        "unknown": span(
            bare(unknown, fine="unknown" in fine), _tone(unknown, Tone.UNKNOWN)
        ),
        "wasted": span(bare(wasted, fine="wasted" in fine), _tone(wasted, Tone.WARN)),
        "ttft": span(milliseconds(each.first_token_ms or each.ttfb_ms)),
        "accepted": span(
            bare(money(done), fine="accepted" in fine) if done is not None else ""
        ),
    }


def _cost(each: SumView, fine: bool) -> str:
    cost = money(each.cost)
    if each.unpriced and not cost:
        return "?"
    sign = "~" if each.estimated else ""
    return f"{sign}{bare(cost, fine=fine)}{'?' if each.unpriced else ' '}"


def _tone(there: object, tone: Tone) -> Tone:
    return tone if there else Tone.MUTED


def judged(each: SumView) -> str:
    """Return how many tasks were accepted of those judged."""
    return f"{each.accepted} of {each.judged}" if each.judged else NOT_KNOWN
