"""Conversations for the tests of loops, turn by turn."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from faregate.core.loops.closer import look_closer
from faregate.core.loops.glance import glance_of
from faregate.core.loops.history import History
from faregate.core.loops.memory import TurnMemory
from faregate.core.loops.registry import RULES, find_loop, may_loop
from faregate.core.loops.turns import Turn, turn_of
from faregate.core.transcript import Said, ToolCall, ToolResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from faregate.core.loops.finding import Loop
    from faregate.core.transcript import Transcript

REPEATS = 5


def turns_of(messages: Iterable[Transcript]) -> tuple[Turn, ...]:
    """Return the turns of a whole conversation, all of it read."""
    groups: list[list[Transcript]] = []
    answered = True
    for message in messages:
        glance = glance_of(message)
        if not groups or (glance.speaks and answered):
            groups.append([])
            answered = False
        groups[-1].append(message)
        answered = answered or glance.answers
    return tuple(turn_of(tuple(chain.from_iterable(group))) for group in groups)


def eager_loop(turns: Sequence[Turn], repeats: int) -> Loop | None:
    """Return what the rules find where everything was read."""
    if len(turns) < repeats:
        return None
    found = (rule.find(turns, repeats) for rule in RULES)
    return next((loop for loop in found if loop is not None), None)


class Watched:
    """A conversation that is looked at as the gate does."""

    def __init__(self) -> None:
        self.memory = TurnMemory()
        self.read: list[int] = []
        """The messages that were read in full, in order."""

    def loop(
        self, messages: Sequence[Transcript], repeats: int, now: float = 0.0
    ) -> Loop | None:
        """Look at what is new, and return what is found."""
        memory = self.memory
        parts = tuple(map(hash, messages))
        first = memory.align(parts)
        memory.take(parts, map(glance_of, messages[first:]), now)
        last = memory.last
        if last is None or not may_loop(last, repeats):
            return None

        def read(part: slice) -> Sequence[Transcript]:
            self.read += range(len(messages))[part]
            return messages[part]

        history = History(memory.since(0.0), read)
        seen = look_closer(last, history, repeats)
        last.retried, last.failing = seen.retried, seen.failing
        loop = find_loop(history, seen, repeats)
        history.keep()
        return loop


class Talk:
    """A conversation that grows turn by turn."""

    def __init__(self) -> None:
        self.messages: list[Transcript] = [(Said(role="user", text="Do it."),)]
        self.watched = Watched()

    def call(
        self, name: str, arguments: str, result: str, *, failed: bool = False
    ) -> None:
        number = str(len(self.messages))
        self.messages.append((ToolCall(id=number, name=name, arguments=arguments),))
        done = ToolResult(call_id=number, text=result, is_error=failed)
        self.messages.append((done,))

    def shell(self, command: str, result: str) -> None:
        self.call("bash", f'{{"command": "{command}"}}', result)

    def answer(self, text: str, reply: str) -> None:
        self.messages.append((Said(role="assistant", text=text),))
        self.messages.append((Said(role="user", text=reply),))

    def loop(self, repeats: int = REPEATS) -> Loop | None:
        """Return the loop that is found, which is what the rules find by themselves."""
        found = self.watched.loop(self.messages, repeats)
        assert found == eager_loop(turns_of(self.messages), repeats)
        return found
