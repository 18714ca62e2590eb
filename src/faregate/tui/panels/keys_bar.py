"""The bottom line: the keys that make sense on this screen."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from faregate.tui.actions import in_scopes, keys_of
from faregate.tui.lines import Line, Span, span, width
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from faregate.tui.action import Action, Scope
    from faregate.tui.view import View

_Keys = tuple[tuple[str, str], ...]


def keys_line(view: View, cells: int, scopes: tuple[Scope, ...]) -> list[Line]:
    """Return one line; the least important keys are left out where it is narrow."""
    return [_line(cells, scopes, tuple(view.keymap.items()), view.read_only)]


# It is asked for with each painting, and the same as long as the screen is.
@lru_cache(64)
def _line(cells: int, scopes: tuple[Scope, ...], keys: _Keys, read_only: bool) -> Line:
    actions = [
        action
        for action in in_scopes(scopes)
        if action.bar is not None and not (action.changes and read_only)
    ]
    actions.sort(key=lambda action: action.bar or 0)
    while actions:
        told = _told(keys, sorted(actions, key=_place))
        if width(told) <= cells:
            return told
        actions.pop()
    return ()


def _told(keys: _Keys, actions: list[Action]) -> Line:
    parts: list[Span] = []
    for action in actions:
        key, label = action.bar_as or (keys_of(action, dict(keys))[0], action.label)
        parts += [span(f" {key}", Tone.KEY), span(f" {label} ", Tone.MUTED)]
    return tuple(parts)


def _place(action: Action) -> tuple[bool, int]:
    """Quit and help go to the end; the others keep their order of importance."""
    bar = action.bar or 0
    return (bar < 2, -bar if bar < 2 else bar)
