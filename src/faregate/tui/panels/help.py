"""The help: keys and columns from their tables, and what the signs mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.tui.action import Scope
from faregate.tui.actions import about, in_scopes, keys_of
from faregate.tui.approval_table import COLUMNS as APPROVAL_COLUMNS
from faregate.tui.filtering import ABOUT
from faregate.tui.flight_table import COLUMNS as FLIGHT_COLUMNS
from faregate.tui.hold_table import COLUMNS as HOLD_COLUMNS
from faregate.tui.limit_table import COLUMNS as LIMIT_COLUMNS
from faregate.tui.lines import EMPTY, Line, cell, line, span, wrap
from faregate.tui.provider_table import COLUMNS as PROVIDER_COLUMNS
from faregate.tui.request_table import COLUMNS as REQUEST_COLUMNS
from faregate.tui.session_table import COLUMNS as SESSION_COLUMNS
from faregate.tui.sum_table import SUM_COLUMNS
from faregate.tui.tones import Tone

if TYPE_CHECKING:
    from faregate.tui.table_layout import Column
    from faregate.tui.view import View

_LEFT = 18

SIGNS = (
    ("~8.42", "an estimate: the provider did not say what it used, or not yet"),
    ("?", "no price is known for a part of it; never counted as nothing"),
    ("held", "set aside for running requests; replaced by the true cost"),
    ("unknown", "kept in full, because nobody can tell what it cost"),
    ("wasted", "what attempts cost that brought no answer"),
    ("tokens", "input is new + cache writes + cache reads; output has reasoning"),
    ("pace", "when the cap is reached if this hour, or the window, goes on so"),
)
_OWN = (
    (Scope.PROVIDERS, "providers", PROVIDER_COLUMNS),
    (Scope.HOLDS, "holds", HOLD_COLUMNS),
    (Scope.LIMITS, "limits", LIMIT_COLUMNS),
    (Scope.WAITING, "waiting", APPROVAL_COLUMNS),
    (Scope.REQUESTS, "requests", REQUEST_COLUMNS),
    (Scope.MONTH, "sums", SUM_COLUMNS),
)
MOUSE = (
    "click chooses a row, a second click opens it; hold shift to select text with the "
    "terminal's own mouse"
)


def help_lines(view: View, cells: int, scopes: tuple[Scope, ...]) -> list[Line]:
    """Return all lines of the help for a screen with these scopes."""
    lines = _heading("keys")
    for action in in_scopes(scopes):
        keys = "  ".join(keys_of(action, view.keymap))
        lines += _entry(keys, about(action, ends_proxy=view.ends_proxy), cells)
    lines += _entry("mouse", MOUSE, cells)
    lines += _heading("filter")
    lines += _entry("words", ABOUT, cells)
    for title, columns in _tables(scopes):
        lines += _heading(title)
        lines += _columns(columns, cells)
    lines += _heading("signs and words")
    for sign, told in SIGNS:
        lines += _entry(sign, told, cells)
    return lines


def _tables(
    scopes: tuple[Scope, ...],
) -> tuple[tuple[str, tuple[Column, ...]], ...]:
    for scope, title, columns in _OWN:
        if scope in scopes:
            return ((title, columns),)
    return (("sessions", SESSION_COLUMNS), ("in flight", FLIGHT_COLUMNS))


def _columns(columns: tuple[Column, ...], cells: int) -> list[Line]:
    return [
        entry
        for column in columns
        for entry in _entry(column.title.strip(), column.about, cells)
    ]


def _heading(title: str) -> list[Line]:
    return [EMPTY, (span(title, Tone.STRONG),)]


def _entry(left: str, told: str, cells: int) -> list[Line]:
    pieces = wrap(told, max(cells - _LEFT - 2, 20))
    first = line(span(cell(f"  {left}", _LEFT), Tone.ACCENT), "  ", pieces[0])
    return [first, *(line(" " * (_LEFT + 2), piece) for piece in pieces[1:])]
