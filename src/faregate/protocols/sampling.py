"""Matters of a request that the dialects name alike: sampling, effort, system text.

Owns reading them, and the passes over a request that more than one writer needs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from faregate.protocols.dialogue import (
    CacheMark,
    Dialogue,
    Part,
    Reasoning,
    Role,
    Sampling,
    Text,
    ToolCall,
    ToolResult,
    Turn,
    canonical,
)
from faregate.protocols.losses import Loss
from faregate.protocols.members import object_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from faregate.protocols.members import Members

SYSTEM_ROLES = frozenset({Role.SYSTEM, Role.DEVELOPER})
_REMINDER = "<system-reminder>\n{}\n</system-reminder>"

# What a level of effort is worth in tokens of thought, and back.
_BUDGETS: Mapping[str, int] = {
    "none": 0,
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": 16384,
    "xhigh": 24576,
    "max": 32000,
}


def read_mark(part: Members) -> CacheMark | None:
    """Return the cache mark of a part."""
    control = part.object("cache_control")
    if control is None:
        return None
    return CacheMark.LONG if control.text("ttl") == "1h" else CacheMark.SHORT


def written_mark(mark: CacheMark) -> dict[str, str]:
    """Return a cache mark as `cache_control`."""
    if mark is CacheMark.SHORT:
        return {"type": "ephemeral"}
    return {"type": "ephemeral", "ttl": str(mark)}


def sampling_losses(sampling: Sampling, says: Iterable[str]) -> frozenset[Loss]:
    """Return what of `sampling` is lost where only the fields `says` are written."""
    known = frozenset(says)
    return frozenset(
        loss
        for name, loss in _SAMPLING_LOSSES.items()
        if name not in known and getattr(sampling, name) not in (None, ())
    )


_SAMPLING_LOSSES: Mapping[str, Loss] = {
    "temperature": Loss.TEMPERATURE,
    "top_p": Loss.TOP_P,
    "top_k": Loss.TOP_K,
    "frequency_penalty": Loss.PENALTIES,
    "presence_penalty": Loss.PENALTIES,
    "seed": Loss.SEED,
    "stop": Loss.STOP_SEQUENCES,
    "logprobs": Loss.LOGPROBS,
}


def effort_of(budget: int) -> str:
    """Return the level of effort that a budget of thought comes nearest to."""
    if budget < 0:
        return "medium"
    return min(_BUDGETS, key=lambda level: abs(_BUDGETS[level] - budget))


def budget_of(effort: str) -> int:
    """Return the budget of thought that a level of effort stands for."""
    return _BUDGETS.get(effort, _BUDGETS["medium"])


def system_first(dialogue: Dialogue) -> tuple[Dialogue, frozenset[Loss]]:
    """Return a request whose system messages all come before the conversation.

    A later one becomes text of the user, marked as the system's: it stays where it
    was, so that the prompt before it is the same in the next turn.
    """
    turns: list[Turn] = []
    moved = False
    for turn in dialogue.turns:
        leading = all(each.role in SYSTEM_ROLES for each in turns)
        if turn.role in SYSTEM_ROLES and not leading:
            moved = True
            turns.append(Turn(role=Role.USER, parts=_reminders(turn.parts)))
        else:
            turns.append(turn)
    if not moved:
        return dialogue, frozenset()
    return replace(dialogue, turns=canonical(turns)), frozenset({Loss.SYSTEM_PLACE})


def one_system_role(dialogue: Dialogue) -> tuple[Dialogue, frozenset[Loss]]:
    """Return a request in which the developer speaks as the system."""
    if all(turn.role is not Role.DEVELOPER for turn in dialogue.turns):
        return dialogue, frozenset()
    turns = (
        replace(turn, role=Role.SYSTEM) if turn.role is Role.DEVELOPER else turn
        for turn in dialogue.turns
    )
    return replace(dialogue, turns=canonical(turns)), frozenset({Loss.DEVELOPER_ROLE})


def _reminders(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    return tuple(
        replace(part, text=_REMINDER.format(part.text))
        if isinstance(part, Text)
        else part
        for part in parts
    )


def without_thoughts(
    dialogue: Dialogue, *, own: str | None
) -> tuple[Dialogue, frozenset[Loss]]:
    """Return a request without thoughts but those that `own`, a dialect, sealed.

    A provider takes a thought only with its own seal, and no seal of another.
    """
    losses: set[Loss] = set()

    def stays(part: Part) -> bool:
        if not isinstance(part, Reasoning):
            return True
        if part.seal is not None and part.seal.origin == own:
            return True
        if part.seal is not None:
            losses.add(Loss.REASONING_SEAL)
        if part.text:
            losses.add(Loss.REASONING)
        return False

    turns = [
        replace(turn, parts=tuple(part for part in turn.parts if stays(part)))
        for turn in dialogue.turns
    ]
    if not losses:
        return dialogue, frozenset()
    return replace(dialogue, turns=canonical(turns)), frozenset(losses)


def instructed(dialogue: Dialogue, schema: Mapping[str, Any]) -> Dialogue:
    """Return a request that asks in words for JSON of this schema."""
    words = (
        f"Answer with one JSON object that follows this schema: {object_text(schema)}"
    )
    told = Turn(role=Role.SYSTEM, parts=(Text(text=words),))
    count = 0
    for turn in dialogue.turns:
        if turn.role not in SYSTEM_ROLES:
            break
        count += 1
    turns = (*dialogue.turns[:count], told, *dialogue.turns[count:])
    return replace(dialogue, turns=canonical(turns))


def images_after_results(turn: Turn) -> tuple[Turn, bool]:
    """Return a turn whose tool results are text, their media behind them."""
    results: list[Part] = []
    media: list[Part] = []
    for part in turn.parts:
        if not isinstance(part, ToolResult):
            media.append(part)
            continue
        texts = tuple(each for each in part.content if isinstance(each, Text))
        others = [each for each in part.content if not isinstance(each, Text)]
        if others:
            media.append(Text(text=f"The tool call {part.call_id} returned:"))
            media.extend(others)
            part = replace(part, content=texts)
        results.append(part)
    moved = len(results) + len(media) != len(turn.parts)
    return (replace(turn, parts=(*results, *media)), True) if moved else (turn, False)


def call_names(dialogue: Dialogue) -> dict[str, str]:
    """Return the tool's name of each call, by the call's id."""
    return {
        part.id: part.name
        for turn in dialogue.turns
        for part in turn.parts
        if isinstance(part, ToolCall)
    }
