"""A conversation as turns: what was called, what came of it, what was said.

Owns what makes two of them the same; where one ends and the next begins is said by
`memory`.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from faregate.core.lean import lean
from faregate.core.loops.arguments import words_of
from faregate.core.loops.finding import PATIENCE, WAITING
from faregate.core.loops.normal import normal_result
from faregate.core.loops.steps import step_of
from faregate.core.transcript import Said, ToolCall, ToolResult
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from faregate.core.loops.steps import Step
    from faregate.core.transcript import Item


@lean
@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One answer of the model and what came back."""

    steps: tuple[Step, ...]
    words: frozenset[str]
    """Content words of an answer without calls."""
    reply: int
    """Hash of what a person or a harness said afterwards; 0 for nothing."""
    asks: int
    """Equal for turns in which the same was tried, whatever came of it."""
    key: int
    """Equal for turns in which the same was done with the same result."""
    facts: frozenset[int]
    """Hashes of each single thing done or said, with what came of it."""

    @property
    def deeds(self) -> frozenset[int]:
        """Return the facts but for what a person or a harness said."""
        return self.facts - {self.reply}

    @property
    def waits(self) -> bool:
        """Tell whether the turn only lets time pass."""
        return bool(self.steps) and all(step.waits for step in self.steps)

    @property
    def moves(self) -> bool:
        """Tell whether the turn only moves what nobody here can see."""
        return bool(self.steps) and all(step.moves for step in self.steps)


def turn_of(items: Sequence[Item]) -> Turn:
    """Return the one turn that these items are."""
    steps = tuple([step_of(call, result) for call, result in paired(items)])
    said = [item for item in items if isinstance(item, Said)]
    answer = "\n".join(each.text for each in said if each.role == "assistant")
    words = frozenset[str]() if steps else words_of(normal_result(answer))
    reply = _reply([each.text for each in said if each.role == "user"])
    facts = frozenset(hash((step.tool, step.asks, step.brings)) for step in steps)
    if reply:
        facts |= {reply}
    if words:
        facts |= {hash(words)}
    tried = frozenset((step.tool, step.asks) for step in steps)
    # Where nothing is called, the reply is all that may come of an answer.
    asks = hash((tried, words, reply if steps else 0))
    return Turn(
        steps=steps,
        words=words,
        reply=reply,
        asks=asks,
        key=hash((facts, len(steps))),
        facts=facts,
    )


def paired(items: Sequence[Item]) -> list[tuple[ToolCall, ToolResult | None]]:
    """Return each call with its result, joined by id and else by order."""
    results = [item for item in items if isinstance(item, ToolResult)]
    by_id = {each.call_id: each for each in results if each.call_id}
    unnamed = deque([each for each in results if not each.call_id])
    found = []
    for call in items:
        if not isinstance(call, ToolCall):
            continue
        result = by_id.get(call.id) if call.id else None
        if result is None and unnamed:
            result = unnamed.popleft()
        found.append((call, result))
    return found


def patience_with(turns: Sequence[Turn]) -> int:
    """Return how many times more often these may come again, for they can be honest."""
    waiting = [turn for turn in turns if turn.waits]
    if waiting:
        failed = any(step.failed for turn in waiting for step in turn.steps)
        return PATIENCE if failed else WAITING
    return PATIENCE if all(turn.moves for turn in turns) else 1


def columns_of(turns: Sequence[Turn]) -> list[tuple[Step, ...]]:
    """Return the first steps of turns that are made alike, their second ones, ..."""
    return list(zip(*(turn.steps for turn in turns), strict=True))


def tools_of(turns: Iterable[Turn]) -> tuple[str, ...]:
    """Return the names of the tools that some turns call, in order, each once."""
    steps = (step for turn in turns for step in turn.steps)
    return tuple(dict.fromkeys(step.tool for step in steps))


def _reply(texts: Iterable[str]) -> int:
    plain = [normal_result(text) for text in texts]
    spoken = [text for text in plain if text]
    return hash(tuple(spoken)) if spoken else 0
