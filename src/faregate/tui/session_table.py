"""The sessions table: its columns, its cells, its order.

Pure: a store in, rows out. Cells of a session that did not change are reused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from faregate.control.retries import retries_of
from faregate.control.work import asked_of, doing_of, state_with
from faregate.tui.figures import (
    NOT_KNOWN,
    bare,
    count,
    fine_column,
    money,
    percent,
)
from faregate.tui.lines import Span, span
from faregate.tui.table_layout import Column, Row, Rows
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from collections.abc import Callable

    from faregate.control.models import SessionView
    from faregate.tui.filtering import Filter
    from faregate.tui.glyphs import Glyphs
    from faregate.tui.store import Store

COLUMNS = (
    Column(
        id="spend",
        title="SPEND ",
        about="USD so far; ~ where a part is estimated, ? where a part has no price",
        right=True,
    ),
    Column(
        id="rate", title="$/H", about="USD of the last ten minutes, an hour", right=True
    ),
    Column(
        id="session",
        title="SESSION",
        about="workspace and task, else workspace and the start of the session's id",
        least=16,
    ),
    Column(id="agent", title="AGENT", about="what calls", drop=7, least=11),
    Column(
        id="model",
        title="MODEL",
        about="the model used last, + others",
        drop=8,
        least=16,
    ),
    Column(
        id="requests",
        title="REQ",
        about="calls by the agent, refused ones too",
        right=True,
        drop=6,
    ),
    Column(
        id="input",
        title="IN",
        about="input tokens: new, cache writes and cache reads",
        right=True,
        drop=5,
    ),
    Column(
        id="output",
        title="OUT",
        about="output tokens, reasoning included",
        right=True,
        drop=4,
    ),
    Column(
        id="cache",
        title="CACHE",
        about="share of the input that was read from the provider's cache",
        right=True,
        drop=3,
    ),
    Column(
        id="retries",
        title="RETRY",
        about="attempts after a request's first, and requests the agent repeated",
        right=True,
        drop=2,
    ),
    Column(
        id="context",
        title="CTX",
        about="the latest input as a share of the model's context window",
        right=True,
        drop=1,
    ),
    Column(id="state", title="STATE", about="what the session does now"),
)
_DECIMALS_MORE = 2
"""Cells that a fine column of money is wider."""
SORTABLE = tuple(column.id for column in COLUMNS)


@dataclass(frozen=True, slots=True)
class Sort:
    """The order of the table; figures start with the largest."""

    column: str = "spend"
    reverse: bool = False

    def next(self, shown: tuple[str, ...]) -> Sort:
        """Return the order by the next of the `shown` columns."""
        names = shown or SORTABLE
        place = names.index(self.column) + 1 if self.column in names else 0
        return Sort(names[place % len(names)])

    def reversed(self) -> Sort:
        """Return this order turned around."""
        return Sort(self.column, not self.reverse)

    @property
    def descending(self) -> bool:
        """Whether large values come first."""
        return (self.column not in _TEXTS) != self.reverse


class Fine(NamedTuple):
    """Whether columns of money have four decimals."""

    spend: bool
    rate: bool


_Made = tuple["SessionView", tuple["str | None", Fine, "Glyphs"], Row]
"""A row with what it was made of."""


class SessionTable:
    """Makes rows, and remembers those of sessions that did not change."""

    def __init__(self) -> None:
        self._made: dict[str, _Made] = {}
        self.fine = Fine(spend=False, rate=False)
        """The decimals of the columns of money; a change makes them wider or narrower."""

    def rows(self, store: Store, wanted: Filter, order: Sort, glyphs: Glyphs) -> Rows:
        """Return the rows that pass the filter, in order."""
        shown = list(store.sessions.values())
        if wanted:
            shown = [view for view in shown if wanted.lets(view)]
        shown.sort(key=_LAST_AT, reverse=True)
        shown.sort(key=SORT_KEYS[order.column], reverse=order.descending)
        self.fine = Fine(
            spend=fine_column([view.cost for view in shown]),
            rate=fine_column({view.usd_per_hour for view in shown}),
        )
        flights: dict[str, list[str]] = {}
        for flight in store.flights:
            flights.setdefault(flight.session, []).append(flight.state)
        doing = {session: doing_of(states) for session, states in flights.items()}
        known, fine = self._made, self.fine
        made: dict[str, _Made] = {}
        self._made = made

        def row(place: int) -> Row:
            view = shown[place]
            of = (doing.get(view.id), fine, glyphs)
            found = made.get(view.id) or known.get(view.id)
            if found is None or found[0] is not view or found[1] != of:
                found = (view, of, Row(view.id, partial(_cells, view, *of)))
            made[view.id] = found
            return found[2]

        lent = _DECIMALS_MORE * (fine.spend + fine.rate)
        return Rows([view.id for view in shown], row, lent=lent)


_LAST_AT = attrgetter("last_at")


_QUIET = ("idle", "ended")
_TELLING_END = re.compile(
    r".*-[0-9a-f]{8}|[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
)
"""A name with eight random digits, or a UUID that begins with the time."""


def session_name(view: SessionView) -> str:
    """Return what a person calls this session."""
    if view.workspace and view.task:
        return f"{view.workspace}/{view.task}"
    short = short_id(view.id)
    if view.workspace or view.task:
        return f"{view.workspace or view.task} {short}"
    return short


def short_id(session: str) -> str:
    """Return as much of a session's id as tells it apart at a glance.

    Ids that begin with a name or an instant differ at their end.
    """
    root, slash, child = session.partition("/")
    if slash:
        return f"{short_id(root)}/{child[:4]}"
    if len(session) <= 12:
        return session
    return session[-8:] if _TELLING_END.fullmatch(session) else session[:8]


def cost_text(view: SessionView, *, fine: bool = False) -> str:
    """Return "8.42", "~8.42" when estimated, "8.42?" when a part has no price.

    The sign's cell stays free where there is none, so that figures line up.
    """
    cost = money(view.cost)
    if view.cost_source == "unpriced" and not cost:
        return "?"
    estimated = "~" if view.cost_source in {"estimated", "mixed"} else ""
    unpriced = "?" if view.unpriced or view.cost_source == "unpriced" else " "
    return f"{estimated}{bare(cost, fine=fine)}{unpriced}"


def state_span(view: SessionView, doing: str | None, glyphs: Glyphs) -> Span:
    """Return sign and word of a session's state; for a busy one, what it does."""
    state = state_with(view.state, doing)
    if state == "active" and doing is not None:
        return span(f"{glyphs.running} {doing}", Tone.ACTIVE)
    if state in _QUIET and view.refusals and not view.attempts:
        # Nothing of it ever went out, which is no rest from work.
        return span(f"{glyphs.stopped} refused", Tone.WARN)
    sign, word, tone = {
        "active": (glyphs.running, "active", Tone.ACTIVE),
        "idle": (glyphs.idle, "idle", Tone.IDLE),
        "waiting": (glyphs.waiting, "waiting", Tone.WAITING),
        "paused": (glyphs.waiting, "paused", Tone.WAITING),
        "stopped": (glyphs.stopped, "stopped", Tone.DOWN),
        "capped": (glyphs.closed, "CAPPED", Tone.CAPPED),
        "ended": (glyphs.ended, "ended", Tone.IDLE),
    }[state]
    return span(f"{sign} {word}", tone)


def _cells(
    view: SessionView, doing: str | None, fine: Fine, glyphs: Glyphs
) -> tuple[Span, ...]:
    name = session_name(view)
    if view.parent is not None:
        name = f"{glyphs.child} {name}"
    retries = retries_of(view)
    rate = money(view.usd_per_hour)
    # Only names are from outside: figures are harmless as they are made.
    return (
        Span(cost_text(view, fine=fine.spend), Tone.SPEND),
        Span(bare(rate, fine=fine.rate), Tone.TEXT if rate else Tone.MUTED),
        span(name),
        span(view.agent or NOT_KNOWN, Tone.MUTED),
        span(_models(view), Tone.MUTED),
        Span(count(asked_of(view)), Tone.TEXT),
        Span(count(view.input_tokens), Tone.TEXT),
        Span(count(view.output_tokens), Tone.TEXT),
        Span(percent(view.cache_read_tokens, view.input_tokens), Tone.TEXT),
        Span(count(retries), Tone.RETRY if retries else Tone.MUTED),
        Span(_context(view), Tone.TEXT),
        state_span(view, doing, glyphs),
    )


def _models(view: SessionView) -> str:
    if not view.models:
        return NOT_KNOWN
    others = len(view.models) - 1
    last = view.models[-1].rpartition("/")[2]
    return f"{last} +{others}" if others else last


def _context(view: SessionView) -> str:
    if view.context_tokens is None:
        return NOT_KNOWN
    if not view.context_window:
        return count(view.context_tokens)
    return percent(view.context_tokens, view.context_window)


def _context_share(view: SessionView) -> int:
    return (view.context_tokens or 0) * 1000 // (view.context_window or 1_000_000)


def _cache_share(view: SessionView) -> int:
    return view.cache_read_tokens * 1000 // max(view.input_tokens, 1)


_TEXTS = {"session", "agent", "model", "state"}
SORT_KEYS: dict[str, Callable[[SessionView], Any]] = {
    "spend": lambda view: money(view.cost).pico,
    "rate": lambda view: (money(view.usd_per_hour).pico, money(view.cost).pico),
    "session": lambda view: session_name(view).casefold(),
    "agent": lambda view: (view.agent or "").casefold(),
    "model": lambda view: _models(view).casefold(),
    "requests": asked_of,
    "input": lambda view: view.input_tokens,
    "output": lambda view: view.output_tokens,
    "cache": _cache_share,
    "retries": retries_of,
    "context": _context_share,
    "state": lambda view: view.state,
    "last": _LAST_AT,
}
