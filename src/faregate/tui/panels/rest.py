"""A provider that rests: why, until when, and how it is asked sooner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.tui.figures import instant
from faregate.tui.lines import Line, span, wrap
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from faregate.control.models import ProviderView
    from faregate.tui.view import View


def resting(view: View) -> list[str]:
    """Return the names of the providers that are not asked now."""
    return [
        each.name for each in view.shown.providers.values() if each.breaker == "open"
    ]


def rest_lines(view: View, provider: ProviderView | None, cells: int) -> list[Line]:
    """Return what is to be known of a rest, whole; nothing for one at work."""
    if provider is None or provider.breaker not in {"open", "half-open"}:
        return []
    why = provider.last_error or "it failed too often"
    if provider.breaker == "half-open":
        told = f"{provider.name} rested ({why}); the next request tries it"
        return [(span(piece, Tone.WAITING),) for piece in wrap(span(told).text, cells)]
    ends = None if provider.rests_until is None else instant(provider.rests_until)
    until = "" if ends is None else f" until {view.clock.local(ends):%H:%M:%S}"
    told = f"{provider.name} rests{until}: {why}. a asks it again at once"
    return [(span(piece, Tone.DOWN),) for piece in wrap(span(told).text, cells)]
