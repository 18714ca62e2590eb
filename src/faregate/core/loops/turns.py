"""A conversation as turns: what was called, what came of it, what was said.

Owns where one turn ends and the next begins, and what makes two of them the same.
"""

from __future__ import annotations

from collections import deque
from itertools import chain
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
    from faregate.core.transcript import Item, Transcript


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
    def waits(self) -> bool:
        """Tell whether the turn only lets time pass."""
        return bool(self.steps) and all(step.waits for step in self.steps)

    @property
    def moves(self) -> bool:
        """Tell whether the turn only moves what nobody here can see."""
        return bool(self.steps) and all(step.moves for step in self.steps)


@dataclass(frozen=True, slots=True)
class Read:
    """One turn and of how many messages it was made."""

    turn: Turn
    messages: int


def read_turns(messages: Iterable[Transcript]) -> list[Read]:
    """Return the turns of these messages, in order; the last may go on."""
    groups: list[list[Transcript]] = []
    answered = True
    for message in messages:
        speaks = any(map(_is_models, message))
        if not groups or (speaks and answered):
            groups.append([])
            answered = False
        groups[-1].append(message)
        answered = answered or any(map(_is_others, message))
    return [
        Read(turn_of(tuple(chain.from_iterable(group))), len(group)) for group in groups
    ]


def turn_of(items: Sequence[Item]) -> Turn:
    """Return the one turn that these items are."""
    calls = [item for item in items if isinstance(item, ToolCall)]
    results = [item for item in items if isinstance(item, ToolResult)]
    steps = tuple(_joined(calls, results))
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


def _is_models(item: Item) -> bool:
    return isinstance(item, ToolCall) or (
        isinstance(item, Said) and item.role == "assistant"
    )


def _is_others(item: Item) -> bool:
    return isinstance(item, ToolResult) or (
        isinstance(item, Said) and item.role == "user"
    )


def _reply(texts: Iterable[str]) -> int:
    plain = [normal_result(text) for text in texts]
    spoken = [text for text in plain if text]
    return hash(tuple(spoken)) if spoken else 0


def _joined(calls: Sequence[ToolCall], results: Sequence[ToolResult]) -> list[Step]:
    """Pair each call with its result, by id and else by order."""
    by_id = {each.call_id: each for each in results if each.call_id}
    unnamed = deque(each for each in results if not each.call_id)
    steps = []
    for call in calls:
        result = by_id.get(call.id) if call.id else None
        if result is None and unnamed:
            result = unnamed.popleft()
        steps.append(step_of(call, result))
    return steps
