"""The routes: attempts, fallbacks, escalations, and what was paid in vain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.tui.action import Scope
from faregate.tui.actions import bindings
from faregate.tui.figures import dollars, money
from faregate.tui.lines import Line, line, span
from faregate.tui.screens.sums import SumScreen
from faregate.tui.screens.table_screen import EVERY_TABLE
from faregate.tui.store import Kind
from faregate.tui.sum_table import NO_KEY, ROUTE_COLUMNS, judged
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from faregate.control.cost_log import SumView


class RoutesScreen(SumScreen):
    """Sums by route; `m` sums by target or by provider."""

    BINDINGS = bindings(Scope.MONTH, Scope.BEYOND)
    SCOPES = (Scope.MONTH, *EVERY_TABLE[1:])
    COLUMNS = ROUTE_COLUMNS
    DETAIL = "what went wrong"
    KEYS = ("route", "target", "provider")
    NEWS = frozenset({Kind.BUDGETS, Kind.PROVIDERS, Kind.LINK})

    def detail(self, cells: int, height: int) -> list[Line]:  # noqa: ARG002 - short
        """Tell what the chosen route lost, and who is down."""
        found = self._found()
        lines = [] if found is None else _lost(found)
        down = [
            each.name
            for each in self.view.shown.providers.values()
            if each.breaker in {"open", "half-open"}
        ]
        if down:
            sign = self.view.ink.glyphs.down
            lines.append((span(f"{sign} resting now: {', '.join(down)}", Tone.DOWN),))
        return (lines or [(span("nothing yet", Tone.MUTED),)])[:height]

    def _found(self) -> SumView | None:
        rows = [] if self.report is None else self.report.rows
        chosen = self.table.chosen
        return next((row for row in rows if (row.key or NO_KEY) == chosen), None)


def _lost(each: SumView) -> list[Line]:
    wasted = money(each.wasted)
    return [
        line(
            span("wasted ", Tone.MUTED),
            span(dollars(wasted), Tone.WARN if wasted else Tone.TEXT),
            span(f"   by {each.failed} failed of {each.attempts} attempts", Tone.MUTED),
        ),
        line(
            span("fallbacks ", Tone.MUTED),
            f"{each.fallbacks}",
            span("   escalations ", Tone.MUTED),
            f"{each.escalations}",
            span("   asked again by agents ", Tone.MUTED),
            f"{each.client_retries}",
        ),
        line(span("tasks accepted ", Tone.MUTED), judged(each)),
    ]
