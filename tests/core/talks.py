"""Conversations for the tests of loops, turn by turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.loops.registry import find_loop
from faregate.core.loops.turns import Turn, read_turns
from faregate.core.transcript import Said, ToolCall, ToolResult

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faregate.core.loops.finding import Loop
    from faregate.core.transcript import Transcript

REPEATS = 5


def turns_of(messages: Iterable[Transcript]) -> tuple[Turn, ...]:
    """Return the turns of a whole conversation."""
    return tuple(read.turn for read in read_turns(messages))


class Talk:
    """A conversation that grows turn by turn."""

    def __init__(self) -> None:
        self.messages: list[Transcript] = [(Said(role="user", text="Do it."),)]

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
        return find_loop(turns_of(self.messages), repeats)
