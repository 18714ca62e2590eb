"""The filter of the sessions table: words that must all hold.

`workspace:`, `agent:`, `task:` and `state:` are exact, `model:` and free words look
anywhere, `cost>0.5` and `cost<0.5` compare, `!word` turns a word around.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from faregate.control.models import SessionView
from faregate.core.money import Money
from faregate.tui.figures import money

ABOUT = (
    "workspace:X agent:X task:X state:X are exact; model:X and plain words look "
    "anywhere; cost>0.5 compares; !word turns a word around; all words must hold"
)

_Check = Callable[[SessionView], bool]


@dataclass(frozen=True, slots=True)
class Filter:
    """A parsed filter; an empty one lets everything through."""

    text: str
    checks: tuple[_Check, ...]

    def __bool__(self) -> bool:
        return bool(self.checks)

    def lets(self, session: SessionView) -> bool:
        """Whether a session passes all words."""
        return all(check(session) for check in self.checks)


def parse_filter(text: str) -> Filter:
    """Read a filter; any text is one, because unknown words are free words."""
    return Filter(text, tuple(_check(word) for word in text.casefold().split()))


def _check(word: str) -> _Check:
    if word.startswith("!") and len(word) > 1:
        inner = _check(word[1:])
        return lambda session: not inner(session)
    name, colon, value = word.partition(":")
    if colon and value and name in _EXACT:
        read = _EXACT[name]
        return lambda session: (read(session) or "").casefold() == value
    if colon and value and name == "model":
        return lambda session: any(value in each.casefold() for each in session.models)
    return _comparison(word) or (lambda session: word in _haystack(session))


def _comparison(word: str) -> _Check | None:
    for sign in "><":
        name, found, value = word.partition(sign)
        if not found or name != "cost":
            continue
        try:
            bound = Money.usd(value.lstrip("$"))
        except ValueError:
            return None
        if sign == ">":
            return lambda session: money(session.cost) > bound
        return lambda session: money(session.cost) < bound
    return None


def _haystack(session: SessionView) -> str:
    parts = (session.id, session.agent, session.workspace, session.task, session.state)
    return " ".join(part for part in (*parts, *session.models) if part).casefold()


_EXACT: dict[str, Callable[[SessionView], str | None]] = {
    "workspace": lambda session: session.workspace,
    "agent": lambda session: session.agent,
    "task": lambda session: session.task,
    "state": lambda session: session.state,
}
