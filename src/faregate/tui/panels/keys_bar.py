"""The bottom line: the keys that make sense on this screen."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from faregate.tui.actions import in_scopes, keys_of
from faregate.tui.lines import Line, Span, span, width
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from faregate.tui.action import Action, Scope
    from faregate.tui.view import View


def keys_line(view: View, cells: int, scopes: tuple[Scope, ...]) -> list[Line]:
    """Return one line; the least important keys are left out where it is narrow."""
    actions = list(_by_importance(scopes, read_only=view.read_only))
    while actions:
        told = _told(view, sorted(actions, key=_place))
        if width(told) <= cells:
            return [told]
        actions.pop()
    return [()]


@cache
def _by_importance(scopes: tuple[Scope, ...], *, read_only: bool) -> tuple[Action, ...]:
    # The table is fixed, and the line is made anew with each painting.
    found = [
        action
        for action in in_scopes(scopes)
        if action.bar is not None and not (action.changes and read_only)
    ]
    return tuple(sorted(found, key=lambda action: action.bar or 0))


def _told(view: View, actions: list[Action]) -> Line:
    parts: list[Span] = []
    for action in actions:
        key, label = action.bar_as or (keys_of(action, view.keymap)[0], action.label)
        parts += [span(f" {key}", Tone.KEY), span(f" {label} ", Tone.MUTED)]
    return tuple(parts)


def _place(action: Action) -> tuple[bool, int]:
    """Quit and help go to the end; the others keep their order of importance."""
    bar = action.bar or 0
    return (bar < 2, -bar if bar < 2 else bar)
