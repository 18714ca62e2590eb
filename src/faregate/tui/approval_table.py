"""The queue of what waits for a person, and what was decided lately."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from faregate.tui.figures import bare, elapsed, fine_column, instant, money
from faregate.tui.lines import span
from faregate.tui.session_table import session_name, short_id
from faregate.tui.table_layout import Column, Row
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from faregate.control.approvals import ApprovalView, DecidedView
    from faregate.tui.lines import Span
    from faregate.tui.view import View

COLUMNS = (
    Column(
        id="cost",
        title="ABOUT",
        about="USD with an answer of a usual length; empty where it is paid already",
        right=True,
    ),
    Column(
        id="left",
        title="LEFT",
        about="time until nobody's answer counts as no; when it was decided",
        right=True,
    ),
    Column(id="session", title="SESSION", about="whose request it is", least=12),
    Column(id="what", title="WHAT", about="what to decide about, or what was", least=8),
)
_WORDS = {
    "approved": ("approved", Tone.OK),
    "denied": ("denied", Tone.DOWN),
    "timed_out": ("timed out: denied", Tone.DOWN),
    "unattended": ("nobody watched", Tone.MUTED),
    "gone": ("its agent hung up", Tone.MUTED),
}


def approval_rows(view: View) -> list[Row]:
    """Return a row for each that waits, the most urgent first, then what is over."""
    store = view.shown
    found = by_urgency(view, store.approvals)
    fine = fine_column(waits.estimate for waits in found)
    waiting = [Row(waits.id, partial(_waiting, view, waits, fine)) for waits in found]
    over = [Row(done.id, partial(_decided, view, done)) for done in store.decided]
    return [*waiting, *over]


def by_urgency(view: View, waiting: Iterable[ApprovalView]) -> list[ApprovalView]:
    """Return what waits, by the time that is left."""
    return sorted(waiting, key=lambda each: left_s(view, each))


def next_waiting(
    before: Sequence[str], now: Sequence[str], chosen: str | None
) -> str | None:
    """Return what waits next once `chosen` waits no more; None where it is not so.

    Both queues are ids in the order of their rows.
    """
    if chosen not in before or chosen in now or not now:
        return None
    place = before.index(chosen)
    after = [each for each in before[place + 1 :] if each in now]
    return after[0] if after else now[-1]


def left_s(view: View, waits: ApprovalView) -> float:
    """Return the seconds until no answer counts as no."""
    ends = instant(waits.expires_at)
    if ends is None:
        return waits.left_s
    return max((ends - view.clock.now()).total_seconds(), 0.0)


def whose(view: View, session: str) -> str:
    """Return what a person calls a session."""
    known = view.shown.sessions.get(session)
    return session_name(known) if known else short_id(session)


def _waiting(view: View, waits: ApprovalView, fine: bool) -> tuple[Span, ...]:
    estimate = money(waits.estimate)
    left = left_s(view, waits)
    return (
        span(f"~{bare(estimate, fine=fine)}" if estimate else "", Tone.SPEND),
        span(elapsed(left), Tone.CRIT if left < 30 else Tone.WAITING),
        span(whose(view, waits.session)),
        span(waits.title),
    )


def _decided(view: View, done: DecidedView) -> tuple[Span, ...]:
    at = instant(done.at)
    word, tone = _WORDS[done.decision]
    if done.for_session and done.decision == "approved":
        word = "approved for its session"
    return (
        span(""),
        span(f"{view.clock.local(at):%H:%M}" if at else "", Tone.MUTED),
        span(whose(view, done.session), Tone.MUTED),
        span(f"{word}: {done.title}", tone),
    )
