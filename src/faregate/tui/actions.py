"""Every action of the TUI, once: key, words, where it works.

Bindings, the line of keys, the help and the palette are made from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from textual.binding import Binding, BindingType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Scope(StrEnum):
    """Where an action works."""

    EVERYWHERE = "everywhere"
    OVERVIEW = "overview"
    TABLE = "in a table"
    SESSION = "in a session"
    PROVIDERS = "in providers"
    OVERLAY = "in help"
    QUESTION = "in a question"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action; `id` names it in the `[keys]` table of the config."""

    id: str
    keys: str
    """Textual key names, separated by commas."""
    command: str
    """The Textual action that it runs."""
    label: str
    about: str
    scope: Scope
    bar: int | None = None
    """Place on the line of keys; the highest is dropped first, None is not shown."""
    palette: bool = True


ACTIONS = (
    Action(
        id="open",
        keys="enter",
        command="open",
        label="open",
        about="open the session under the cursor",
        scope=Scope.TABLE,
        bar=2,
        palette=False,
    ),
    Action(
        id="down",
        keys="j,down",
        command="move(1)",
        label="down",
        about="next row",
        scope=Scope.TABLE,
        palette=False,
    ),
    Action(
        id="up",
        keys="k,up",
        command="move(-1)",
        label="up",
        about="previous row",
        scope=Scope.TABLE,
        palette=False,
    ),
    Action(
        id="page_down",
        keys="pagedown,ctrl+d",
        command="page(1)",
        label="page down",
        about="a page down",
        scope=Scope.TABLE,
        palette=False,
    ),
    Action(
        id="page_up",
        keys="pageup,ctrl+u",
        command="page(-1)",
        label="page up",
        about="a page up",
        scope=Scope.TABLE,
        palette=False,
    ),
    Action(
        id="top",
        keys="g,home",
        command="top",
        label="top",
        about="first row",
        scope=Scope.TABLE,
        palette=False,
    ),
    Action(
        id="bottom",
        keys="G,end",
        command="bottom",
        label="bottom",
        about="last row",
        scope=Scope.TABLE,
        palette=False,
    ),
    Action(
        id="filter",
        keys="slash",
        command="edit_filter",
        label="filter",
        about="edit the filter; its text is kept",
        scope=Scope.OVERVIEW,
        bar=3,
    ),
    Action(
        id="toggle_filter",
        keys="f",
        command="toggle_filter",
        label="filter on/off",
        about="turn the filter off and on again",
        scope=Scope.OVERVIEW,
    ),
    Action(
        id="sort",
        keys="s",
        command="sort",
        label="sort",
        about="sort by the next column",
        scope=Scope.OVERVIEW,
        bar=4,
    ),
    Action(
        id="reverse",
        keys="S",
        command="reverse_sort",
        label="reverse",
        about="turn the order around",
        scope=Scope.OVERVIEW,
        bar=7,
    ),
    Action(
        id="back",
        keys="escape,left,backspace",
        command="back",
        label="back",
        about="back to the overview",
        scope=Scope.SESSION,
        bar=2,
        palette=False,
    ),
    Action(
        id="smoke",
        keys="r",
        command="smoke",
        label="smoke test",
        about="test the target under the cursor; says first what that costs",
        scope=Scope.PROVIDERS,
        bar=2,
    ),
    Action(
        id="smoke_all",
        keys="R",
        command="smoke_all",
        label="all",
        about="test every target again; says first what that costs",
        scope=Scope.PROVIDERS,
        bar=4,
    ),
    Action(
        id="leave_providers",
        keys="escape,1,left,backspace",
        command="back",
        label="back",
        about="back to the screen before",
        scope=Scope.PROVIDERS,
        bar=3,
        palette=False,
    ),
    Action(
        id="yes",
        keys="y,enter",
        command="answer(1)",
        label="yes",
        about="say yes",
        scope=Scope.QUESTION,
        palette=False,
    ),
    Action(
        id="no",
        keys="escape,n,q",
        command="answer(0)",
        label="no",
        about="say no",
        scope=Scope.QUESTION,
        palette=False,
    ),
    Action(
        id="close_help",
        keys="escape,q,question_mark",
        command="close",
        label="close",
        about="close the help",
        scope=Scope.OVERLAY,
        bar=0,
        palette=False,
    ),
    Action(
        id="help_down",
        keys="j",
        command="scroll(1)",
        label="down",
        about="scroll the help down",
        scope=Scope.OVERLAY,
        palette=False,
    ),
    Action(
        id="help_up",
        keys="k",
        command="scroll(-1)",
        label="up",
        about="scroll the help up",
        scope=Scope.OVERLAY,
        palette=False,
    ),
    Action(
        id="providers",
        keys="4",
        command="providers",
        label="providers",
        about="providers and their smoke tests",
        scope=Scope.EVERYWHERE,
        bar=8,
    ),
    Action(
        id="freeze",
        keys="space",
        command="freeze",
        label="freeze",
        about="hold the screen still; the figures go on behind it",
        scope=Scope.EVERYWHERE,
        bar=5,
    ),
    Action(
        id="theme",
        keys="t",
        command="next_theme",
        label="theme",
        about="next theme; the palette lists them all",
        scope=Scope.EVERYWHERE,
        bar=6,
    ),
    Action(
        id="help",
        keys="question_mark,f1",
        command="help",
        label="help",
        about="keys of this screen, and what each column means",
        scope=Scope.EVERYWHERE,
        bar=1,
    ),
    Action(
        id="palette",
        keys="ctrl+p",
        command="command_palette",
        label="palette",
        about="all actions and themes by name",
        scope=Scope.EVERYWHERE,
        palette=False,
    ),
    Action(
        id="quit",
        keys="q,ctrl+q",
        command="quit",
        label="quit",
        about="close this screen; the proxy goes on, faregate down stops it",
        scope=Scope.EVERYWHERE,
        bar=0,
    ),
)

_SIGNS = {
    "slash": "/",
    "question_mark": "?",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "escape": "esc",
    "backspace": "bksp",
}


def bindings(scope: Scope) -> list[BindingType]:
    """Return the Textual bindings of a scope."""
    return [
        Binding(action.keys, action.command, action.label, show=False, id=action.id)
        for action in ACTIONS
        if action.scope is scope
    ]


def in_scopes(scopes: Iterable[Scope]) -> list[Action]:
    """Return the actions that work in these scopes, in the table's order."""
    wanted = set(scopes)
    return [action for action in ACTIONS if action.scope in wanted]


def keys_of(action: Action, keymap: Mapping[str, str]) -> list[str]:
    """Return the keys of an action as a person reads them: "/", "ctrl+p"."""
    keys = keymap.get(action.id, action.keys)
    return [_SIGNS.get(key.strip(), key.strip()) for key in keys.split(",")]


def check_keymap(keymap: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the usable part of a person's `[keys]`, and what is wrong with the rest."""
    known = {action.id for action in ACTIONS}
    good: dict[str, str] = {}
    problems: list[str] = []
    for name, keys in keymap.items():
        if name not in known:
            problems.append(f"[keys] {name}: there is no such action")
        elif not all(part.strip() for part in keys.split(",")):
            problems.append(f"[keys] {name}: a key is empty")
        else:
            good[name] = ",".join(part.strip() for part in keys.split(","))
    return good, problems
