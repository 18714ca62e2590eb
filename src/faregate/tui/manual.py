"""The tables of the manual that are made from the tables of the program."""

from __future__ import annotations

from faregate.tui.action import Scope
from faregate.tui.action_table import ACTIONS
from faregate.tui.actions import keys_of

BEGIN = "<!-- made from the table of actions: scripts/manual.py -->"
END = "<!-- end -->"
_PLACES = {
    Scope.EVERYWHERE: "everywhere",
    Scope.TABLE: "in every table",
    Scope.FIRST_RUN: "1 overview, before the first request",
    Scope.OVERVIEW: "1 overview",
    Scope.OF_SESSION: "on a session (overview, session)",
    Scope.SESSION: "in a session",
    Scope.REQUESTS: "2 requests",
    Scope.REQUEST: "in a request",
    Scope.TEXT: "in a part of a request",
    Scope.WAITING: "3 waiting",
    Scope.PROVIDERS: "4 providers",
    Scope.MONTH: "5 month, 6 routes",
    Scope.HOLDS: "7 holds",
    Scope.LIMITS: "in limits (`l`, `L`)",
    Scope.BEYOND: "on every screen but the overview",
    Scope.QUESTION: "in a question",
    Scope.OVERLAY: "in the help",
}


def key_tables() -> str:
    """Return a table of keys for each place, in Markdown."""
    parts: list[str] = []
    for scope, place in _PLACES.items():
        parts += [
            f"**{place}**",
            "",
            "| key | does | id in `[keys]` |",
            "|---|---|---|",
        ]
        for action in ACTIONS:
            if action.scope is scope:
                keys = " ".join(f"`{key}`" for key in keys_of(action, {}))
                parts.append(f"| {keys} | {action.about} | `{action.id}` |")
        parts.append("")
    return "\n".join(parts)


def filled(page: str) -> str:
    """Return a page of the manual with its tables made anew."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{key_tables()}\n{END}{tail}"
