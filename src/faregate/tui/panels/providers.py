"""The providers: who answers, how fast, how often not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.tui.figures import milliseconds
from faregate.tui.lines import Line, cell, fit_middle, span, wrap
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from faregate.control.models import ProviderView
    from faregate.tui.glyphs import Glyphs
    from faregate.tui.view import View

_TROUBLED = 0.05
"""Share of failed requests from which a provider is called troubled."""

_STATE, _TTFB, _ERRORS = 7, 6, 6


def providers_title(view: View) -> str:
    """Return the title of the panel."""
    number = len(view.shown.providers)
    told = f"providers {number}" if number else "providers"
    return f"{told} {view.ink.glyphs.dot} ttfb, errors"


def providers_lines(view: View, cells: int, height: int) -> list[Line]:
    """Return one line a provider, trouble first; the last line counts the rest."""
    found = sorted(view.shown.providers.values(), key=_rank)
    if not found:
        return _none(view, cells)[:height]
    glyphs = view.ink.glyphs
    if len(found) <= height:
        return [_line(each, cells, glyphs) for each in found]
    shown = [_line(each, cells, glyphs) for each in found[: height - 1]]
    return [*shown, (span(f"  +{len(found) - height + 1} more", Tone.MUTED),)]


def _none(view: View, cells: int) -> list[Line]:
    """Say that nobody was asked, and who could be."""
    setup = view.shown.setup
    keys = ", ".join(setup.keys_found) if setup else ""
    told = wrap("no request in the last hour", cells)
    told += wrap(f"keys: {keys}" if keys else "no provider key found", cells)
    return [(span(piece, Tone.MUTED),) for piece in told]


def _line(view: ProviderView, cells: int, glyphs: Glyphs) -> Line:
    sign, word, tone = _state(view, glyphs)
    name = max(cells - 2 - _STATE - _TTFB - _ERRORS - 2, 4)
    errors = "-"
    if view.requests_1h:
        errors = f"{view.error_rate_1h * 100:.1f}%"
        # All six cells of "100.0%" would leave no space before it.
        errors = "100%" if errors == "100.0%" else errors
    return (
        span(f"{sign} ", tone),
        span(cell(fit_middle(view.name, name, cut=glyphs.cut), name) + " "),
        span(cell(word, _STATE) + " ", tone),
        span(cell(milliseconds(view.ttfb_ms), _TTFB, right=True)),
        span(cell(errors, _ERRORS, right=True)),
    )


def _state(view: ProviderView, glyphs: Glyphs) -> tuple[str, str, Tone]:
    if view.breaker == "open":
        return glyphs.down, "down", Tone.DOWN
    if view.breaker == "half-open":
        return glyphs.partial, "probing", Tone.WAITING
    if view.error_rate_1h >= _TROUBLED and view.requests_1h:
        return glyphs.partial, "errors", Tone.RETRY
    if not view.requests_1h:
        return glyphs.lost, "quiet", Tone.IDLE
    return glyphs.live, "ok", Tone.OK


def _rank(view: ProviderView) -> tuple[bool, bool, int, str]:
    down = view.breaker in {"open", "half-open"}
    errors = view.requests_1h > 0 and view.error_rate_1h >= _TROUBLED
    return (not down, not errors, -view.requests_1h, view.name)
