"""What a person is shown of a loop that was stopped: the calls that went round.

Kept in memory as long as the stop lasts, and nowhere else: it is what an agent said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from faregate.core.transcript import Said, ToolCall, ToolResult
from faregate.gateway import loop_messages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faregate.core.loops.finding import Loop
    from faregate.core.transcript import Transcript

_MOST_CALLS = 8
_LONGEST = 300
_MESSAGES_A_TURN = 3
"""Messages that a turn has at most as a rule: the calls, the results, a word."""


@dataclass(slots=True, kw_only=True)
class LoopStop:
    """One conversation that was stopped."""

    session: str
    root: str
    rule: str
    times: int
    what: str
    """What repeats, as a clause."""
    calls: tuple[str, ...]
    """One round of it: what was called and what came back, oldest first."""
    at_ms: int
    latest_ms: int
    refused: int = 1
    """Requests that it refused, repeats included."""

    def again(self, now_ms: int) -> None:
        """Note one more request that was refused for it."""
        self.refused += 1
        self.latest_ms = now_ms


def messages_of_round(loop: Loop) -> int:
    """Return how many of a conversation's last messages one round is in."""
    return _MESSAGES_A_TURN * max(1, min(loop.period, _MOST_CALLS))


def stop_of(
    loop: Loop, said: Transcript, *, session: str, root: str, now_ms: int
) -> LoopStop:
    """Return what is told of a loop whose last messages are `said`."""
    return LoopStop(
        session=session,
        root=root,
        rule=str(loop.rule),
        times=loop.times,
        what=loop_messages.what_repeats(loop),
        calls=_calls(said, loop.period),
        at_ms=now_ms,
        latest_ms=now_ms,
    )


def _calls(items: Transcript, period: int) -> tuple[str, ...]:
    """Return the last so many calls with what came back, or the last words."""
    results = {item.call_id: item for item in items if isinstance(item, ToolResult)}
    calls = [item for item in items if isinstance(item, ToolCall)]
    if not calls:
        said = [f"{e.role}: {e.text}" for e in items if isinstance(e, Said)]
        return _short(said[-1:])
    lines: list[str] = []
    for call in calls[-min(period, _MOST_CALLS) :]:
        lines.append(f"{call.name} {call.arguments}")
        found = results.get(call.id)
        if found is not None:
            lines.append(f"  gave: {found.text}")
    return _short(lines)


def _short(lines: Iterable[str]) -> tuple[str, ...]:
    """Return each on one line, and not too long."""
    found = []
    for text in lines:
        indent = text[: len(text) - len(text.lstrip())]
        one = indent + " ".join(text[: 4 * _LONGEST].split())
        found.append(one if len(one) <= _LONGEST else f"{one[: _LONGEST - 1]}…")
    return tuple(found)
