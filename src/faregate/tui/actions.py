"""What is made from the table of actions: bindings, keys in words, a checked keymap."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from textual.binding import Binding, BindingType

from faregate.tui.action import Scope
from faregate.tui.action_table import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from faregate.tui.action import Action

_SIGNS = {
    "slash": "/",
    "question_mark": "?",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "escape": "esc",
    "backspace": "bksp",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "colon": ":",
}


def bindings(*scopes: Scope) -> list[BindingType]:
    """Return the Textual bindings of these scopes."""
    return [
        Binding(action.keys, action.command, action.label, show=False, id=action.id)
        for action in ACTIONS
        if action.scope in scopes
    ]


def in_scopes(scopes: Iterable[Scope]) -> list[Action]:
    """Return the actions that work in these scopes, in the table's order.

    One that works everywhere does not where a narrower scope has its key.
    """
    wanted = set(scopes)
    found = [action for action in ACTIONS if action.scope in wanted]
    taken = {
        key
        for action in found
        if action.scope is not Scope.EVERYWHERE
        for key in action.keys.split(",")
    }
    return [
        action
        for action in found
        if action.scope is not Scope.EVERYWHERE
        or not taken.issuperset(action.keys.split(","))
    ]


def keys_of(action: Action, keymap: Mapping[str, str]) -> list[str]:
    """Return the keys of an action as a person reads them: "/", "ctrl+p"."""
    keys = keymap.get(action.id, action.keys)
    return [_SIGNS.get(key.strip(), key.strip()) for key in keys.split(",")]


def about(action: Action, *, ends_proxy: bool) -> str:
    """Return what an action does, on a screen with which the proxy ends or does not."""
    return action.in_demo if ends_proxy and action.in_demo else action.about


_CHANGING = {action.command.partition("(")[0] for action in ACTIONS if action.changes}


def is_permitted(command: str, *, read_only: bool) -> bool:
    """Tell whether a Textual action may run on a screen that may only watch."""
    return not (read_only and command in _CHANGING)


def check_keymap(keymap: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the usable part of a person's `[keys]`, and what is wrong with the rest."""
    known = {action.id for action in ACTIONS}
    good: dict[str, str] = {}
    problems: list[str] = []
    for name, keys in keymap.items():
        if name not in known:
            guess = get_close_matches(name, known, 1)
            meant = f"; did you mean {guess[0]}?" if guess else "; ? lists them"
            problems.append(f"[keys] {name}: there is no such action{meant}")
        elif not all(part.strip() for part in keys.split(",")):
            problems.append(f"[keys] {name}: a key is empty")
        else:
            good[name] = ",".join(part.strip() for part in keys.split(","))
    return good, problems
