"""Cache marks for a client whose dialect has none.

Owns where they are put: where an agent that speaks Messages puts its own. Without
them each turn of a tool loop would pay in full for all the turns before it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from faregate.protocols.dialogue import CacheMark, Part, Reasoning, Role, marks

if TYPE_CHECKING:
    from faregate.protocols.dialogue import Dialogue, Turn


def marked_for_cache(dialogue: Dialogue) -> Dialogue:
    """Return a request of a tool loop with marks behind its system text and its end.

    One without tools is asked once: writing its prompt to a cache would only cost. A
    request that has marks of its own keeps those alone.
    """
    if not dialogue.tools or not dialogue.turns or marks(dialogue):
        return dialogue
    turns = list(dialogue.turns)
    if turns[0].role in {Role.SYSTEM, Role.DEVELOPER}:
        turns[0] = _marked(turns[0])
    if turns[-1].role is Role.USER:
        turns[-1] = _marked(turns[-1])
    return replace(dialogue, turns=tuple(turns))


def _marked(turn: Turn) -> Turn:
    return replace(turn, parts=(*turn.parts[:-1], _mark(turn.parts[-1])))


def _mark(part: Part) -> Part:
    if isinstance(part, Reasoning):
        return part
    return replace(part, cache=CacheMark.SHORT)
