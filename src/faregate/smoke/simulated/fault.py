"""One way in which a provider misbehaves.

A fault bends as little as it needs: the ask, the answer, the frames, the body, the
framing, or it takes the connection over. A new fault is one maker and one table line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping

    from faregate.smoke.simulated.answer import Answer
    from faregate.smoke.simulated.ask import Ask, Json
    from faregate.smoke.simulated.dialects.dialect import Dialect
    from faregate.smoke.simulated.exchange import Exchange
    from faregate.smoke.simulated.frames import Frame


class Charge(StrEnum):
    """What the provider bills for an answer that a fault spoiled."""

    NOTHING = "nothing"
    GENERATED = "what was generated"
    ALL = "the whole answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """How frames become bytes.

    `newline` replaces the dialect's line ends, `burst` sends everything in one write,
    `before` goes ahead of the first frame or of the body, `between` behind each frame.
    """

    newline: bytes | None = None
    burst: bool = False
    before: bytes = b""
    between: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A named fault; every part left out behaves as usual.

    `take_over` sends the answer (or breaks it) by itself; `charge` counts when it
    hangs up or when it took over.
    """

    name: str
    charge: Charge = Charge.ALL
    on_ask: Callable[[Ask], Ask] | None = None
    on_answer: Callable[[Answer], Answer] | None = None
    on_frames: Callable[[Iterator[Frame], Dialect], Iterable[Frame]] | None = None
    on_body: Callable[[Json, Dialect], Json] | None = None
    framing: Framing | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    take_over: Callable[[Exchange], Awaitable[None]] | None = None
