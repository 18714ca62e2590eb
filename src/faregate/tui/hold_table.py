"""The table of holds: money that is set aside, and what nobody can tell."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from faregate.core.money import Money
from faregate.tui.figures import (
    NOT_KNOWN,
    bare,
    dollars,
    elapsed,
    fine_column,
    instant,
    money,
)
from faregate.tui.lines import Line, line, span, wrap
from faregate.tui.session_table import session_name, short_id
from faregate.tui.table_layout import Column, Row
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.control.models import HoldView
    from faregate.tui.lines import Span
    from faregate.tui.view import View

COLUMNS = (
    Column(id="amount", title="AMOUNT", about="USD that the hold keeps", right=True),
    Column(
        id="state",
        title="STATE",
        about="held: its request still runs; unknown: nobody can tell what it cost",
    ),
    Column(id="session", title="SESSION", about="whose request it was", least=12),
    Column(id="model", title="MODEL", about="what was asked", drop=3, least=12),
    Column(id="age", title="AGE", about="since when it is held", right=True, drop=2),
    Column(id="why", title="WHY", about="why nobody can tell", drop=1, least=10),
)


def hold_rows(view: View, holds: Sequence[HoldView]) -> list[Row]:
    """Return a row for each hold, what somebody must look into first."""
    found = sorted(holds, key=lambda hold: (hold.state != "unknown", hold.held_at))
    fine = fine_column(hold.amount for hold in found)
    return [Row(hold.id, partial(_cells, view, hold, fine)) for hold in found]


def hold_title(holds: Sequence[HoldView]) -> str:
    """Return "holds: $0.21 held, $0.40 unknown"."""
    sums = {
        state: sum((money(h.amount) for h in holds if h.state == state), Money())
        for state in ("held", "unknown")
    }
    told = ", ".join(f"{dollars(total)} {state}" for state, total in sums.items())
    return f"holds {len(holds)}: {told}"


def hold_lines(hold: HoldView | None, cells: int) -> list[Line]:
    """Return what a person needs to know to resolve the hold."""
    if hold is None:
        return [(span("no money is held", Tone.MUTED),)]
    head = f"{hold.provider}/{hold.model}   {dollars(money(hold.amount))}"
    lines: list[Line] = [
        line(span("hold ", Tone.MUTED), hold.id, span(f"   {head}", Tone.STRONG)),
        line(span("held since ", Tone.MUTED), span(hold.held_at)),
    ]
    if hold.state == "held":
        told = "Its request still runs: the true cost replaces it when it ends."
    else:
        lines.append(line(span("why ", Tone.MUTED), span(hold.why or NOT_KNOWN)))
        told = (
            "It counts in full against its budgets until somebody says what it cost: "
            f"look it up at {hold.provider}, then r."
        )
    return [*lines, *[(span(piece, Tone.MUTED),) for piece in wrap(told, cells)]]


def _cells(view: View, hold: HoldView, fine: bool) -> tuple[Span, ...]:
    glyphs = view.ink.glyphs
    unknown = hold.state == "unknown"
    sign = glyphs.unknown if unknown else glyphs.held
    tone = Tone.UNKNOWN if unknown else Tone.HELD
    known = view.shown.sessions.get(hold.session)
    since = instant(hold.held_at)
    age = NOT_KNOWN
    if since is not None:
        age = elapsed((view.clock.now() - since).total_seconds())
    return (
        span(bare(money(hold.amount), fine=fine), Tone.SPEND),
        span(f"{sign} {hold.state}", tone),
        span(session_name(known) if known else short_id(hold.session)),
        span(f"{hold.provider}/{hold.model}"),
        span(age, Tone.MUTED),
        span(hold.why or "", Tone.MUTED),
    )
