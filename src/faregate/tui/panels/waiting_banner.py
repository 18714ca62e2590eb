"""The line on every screen while something waits for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.tui.approval_table import by_urgency, left_s, whose
from faregate.tui.figures import dollars, elapsed, money
from faregate.tui.lines import Line, first_that_fits, span
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from faregate.tui.view import View


def waiting_lines(view: View, cells: int, _height: int) -> list[Line]:
    """Return the line; none while nothing waits."""
    waiting = view.store.approvals
    if not waiting or not view.store.live:
        return []
    first = by_urgency(view, waiting)[0]
    number = len(waiting)
    head = f" {view.ink.glyphs.waiting} {number} WAIT{'S' * (number == 1)} FOR YOU"
    clock = f"no answer in {elapsed(left_s(view, first))} counts as no"
    estimate = money(first.estimate)
    cost = f"~{dollars(estimate)} " if estimate else ""
    what = f"{cost}{whose(view, first.session)}: {first.title}"
    texts = (
        f"{head}   {what}   {clock}   3 decides",
        f"{head}   {what}   3 decides",
        f"{head}   {cost}{whose(view, first.session)}   3 decides",
        f"{head}   3 decides",
        head,
    )
    chosen = first_that_fits([(span(text, Tone.NOTICE),) for text in texts], cells)
    return [(span(chosen[0].text.ljust(cells), Tone.NOTICE),)]
