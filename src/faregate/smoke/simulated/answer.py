"""An answer before it takes a protocol's shape: pieces, counters, finish.

Owns how many tokens an answer has, how it is cut at the output bound and how it is
split into pieces. Text is counted at four bytes a token, filler at one token a word.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.smoke.simulated.ask import Ask
    from faregate.smoke.simulated.rates import Counts
    from faregate.smoke.simulated.reply import Reply, ToolCall
    from faregate.smoke.simulated.settings import SimulatorSettings

CREATED = 1_795_400_000  # a fixed instant keeps answers reproducible
_ARGUMENT_CHUNKS = 4
_WORD_LIST = (
    "the of and to in is you that it he was for on are as with his they at be this "
    "have from or one had by word but not what all were we when your can said there use"
)
_WORDS = tuple(_WORD_LIST.split())


class PieceKind(StrEnum):
    """What a piece of an answer is."""

    REASONING = "reasoning"
    TEXT = "text"
    TOOL = "tool"


class Finish(StrEnum):
    """Why an answer ended."""

    STOP = "stop"
    LENGTH = "length"
    TOOLS = "tools"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One streamed delta; `call` is the index of the tool call it belongs to."""

    kind: PieceKind
    text: str
    tokens: int
    call: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One generated answer, choice by choice the same.

    `counts.output` holds the tokens of all choices. `calls` are the tool calls in
    order, with ids; their streamed arguments are the pieces of kind TOOL.
    """

    serial: int
    model: str
    pieces: tuple[Piece, ...]
    calls: tuple[ToolCall, ...]
    counts: Counts
    finish: Finish
    reported_cost: dict[str, object] | None = None
    created: int = CREATED

    @property
    def text(self) -> str:
        """Return the whole text."""
        return self._joined(PieceKind.TEXT)

    @property
    def reasoning(self) -> str:
        """Return the whole reasoning text."""
        return self._joined(PieceKind.REASONING)

    def arguments(self, call: int) -> str:
        """Return the streamed arguments of one tool call."""
        return self._joined(PieceKind.TOOL, call)

    def _joined(self, kind: PieceKind, call: int = 0) -> str:
        return "".join(p.text for p in self.pieces if p.kind is kind and p.call == call)


def compose(
    reply: Reply,
    ask: Ask,
    settings: SimulatorSettings,
    *,
    prompt: Counts,
    serial: int,
) -> Answer:
    """Return the answer to `ask`: `reply` where it speaks, `settings` elsewhere.

    `prompt` holds the input counters, used where no usage is fixed.
    """
    fixed = reply.usage or settings.usage
    calls = tuple(
        replace(call, id=call.id or f"call_{serial:06d}{index:02d}")
        for index, call in enumerate(reply.tools)
    )
    whole = _drafted(reply, settings, fixed)
    if fixed is not None:
        whole = _spread(whole, fixed.output)
    bound = ask.max_output if reply.obey_max else None
    kept = list(_cut(whole, bound))
    shortened = sum(p.tokens for p in kept) < sum(p.tokens for p in whole)
    pieces = tuple(_split(kept, max(1, reply.chunks or settings.chunks)))
    output = sum(piece.tokens for piece in pieces)
    reasoning = sum(p.tokens for p in pieces if p.kind is PieceKind.REASONING)
    if fixed is not None:
        reasoning = min(fixed.reasoning or reasoning, output)
    return Answer(
        serial=serial,
        model=reply.model or ask.model,
        pieces=pieces,
        calls=calls[: _started_calls(pieces)],
        counts=replace(
            fixed or prompt,
            output=output * ask.choices,
            reasoning=reasoning * ask.choices,
        ),
        finish=_finish(calls, shortened=shortened),
    )


def filler(tokens: int) -> str:
    """Return a text of `tokens` common words."""
    return " ".join(_WORDS[index % len(_WORDS)] for index in range(tokens))


def counted(text: str) -> int:
    """Return the tokens of a text: one for four bytes, rounded up."""
    return -(-len(text.encode("utf-8", "replace")) // 4)


def _started_calls(pieces: tuple[Piece, ...]) -> int:
    started = (piece.call for piece in pieces if piece.kind is PieceKind.TOOL)
    return 1 + max(started, default=-1)


def _finish(calls: tuple[ToolCall, ...], *, shortened: bool) -> Finish:
    if shortened:
        return Finish.LENGTH
    return Finish.TOOLS if calls else Finish.STOP


def _drafted(
    reply: Reply, settings: SimulatorSettings, fixed: Counts | None
) -> list[Piece]:
    """Return one piece for each part of the answer, with its natural tokens."""
    parts: list[Piece] = []
    if reply.reasoning:
        tokens = counted(reply.reasoning)
        parts.append(
            Piece(kind=PieceKind.REASONING, text=reply.reasoning, tokens=tokens)
        )
    if reply.text is not None:
        tokens = (
            reply.output_tokens
            if reply.output_tokens is not None
            else counted(reply.text)
        )
        parts.append(Piece(kind=PieceKind.TEXT, text=reply.text, tokens=tokens))
    elif not reply.tools:
        words = _filler_tokens(reply, settings, fixed)
        parts.append(Piece(kind=PieceKind.TEXT, text=filler(words), tokens=words))
    for index, call in enumerate(reply.tools):
        tokens = counted(call.name + call.text)
        parts.append(
            Piece(kind=PieceKind.TOOL, text=call.text, tokens=tokens, call=index)
        )
    return parts


def _filler_tokens(
    reply: Reply, settings: SimulatorSettings, fixed: Counts | None
) -> int:
    if reply.output_tokens is not None:
        return reply.output_tokens
    if fixed is not None:
        return max(0, fixed.output - fixed.reasoning)
    return settings.output_tokens


def _spread(parts: list[Piece], total: int) -> list[Piece]:
    """Return the parts with `total` tokens shared out in proportion."""
    natural = sum(piece.tokens for piece in parts)
    spread: list[Piece] = []
    seen = given = 0
    for index, piece in enumerate(parts):
        seen += piece.tokens
        last = index == len(parts) - 1
        upto = total if last or not natural else total * seen // natural
        spread.append(replace(piece, tokens=upto - given))
        given = upto
    return spread


def _cut(parts: list[Piece], bound: int | None) -> Iterator[Piece]:
    """Yield the parts up to `bound` tokens; the part on the line is shortened."""
    left = sum(p.tokens for p in parts) if bound is None else bound
    for piece in parts:
        if piece.tokens <= left:
            yield piece
            left -= piece.tokens
        elif left > 0:
            yield replace(piece, text=_shortened(piece, left), tokens=left)
            left = 0


def _shortened(piece: Piece, tokens: int) -> str:
    """Return the share of a text: whole words where a token is a word."""
    words = piece.text.split(" ")
    if len(words) == piece.tokens:
        return " ".join(words[:tokens])
    return piece.text[: len(piece.text) * tokens // piece.tokens]


def _split(parts: list[Piece], chunks: int) -> Iterator[Piece]:
    """Yield each part in pieces, its tokens shared out evenly."""
    for part in parts:
        wanted = _ARGUMENT_CHUNKS if part.kind is PieceKind.TOOL else chunks
        count = max(1, min(wanted, len(part.text)))
        for index in range(count):
            start, end = (len(part.text) * i // count for i in (index, index + 1))
            low, high = (part.tokens * i // count for i in (index, index + 1))
            yield replace(part, text=part.text[start:end], tokens=high - low)
