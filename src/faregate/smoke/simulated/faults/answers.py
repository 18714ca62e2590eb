"""Answers that are well formed but not what was asked for."""

from __future__ import annotations

from dataclasses import replace

from faregate.smoke.simulated.answer import Answer, Finish, Piece, PieceKind
from faregate.smoke.simulated.fault import Fault
from faregate.smoke.simulated.frames import to_json

_ESCAPES = "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x1b[0m\u202eevil\u202c"


def swapped_model(model: str = "sim-cheap") -> Fault:
    """Return an answer of another model than the one asked for, billed as that."""
    return Fault(
        name="swapped_model", on_answer=lambda answer: replace(answer, model=model)
    )


def tools_as_text() -> Fault:
    """Return tool calls printed into the text, as models without a parser do."""

    def bent(answer: Answer) -> Answer:
        printed = {
            index: "<tool_call>"
            + to_json({"name": call.name, "arguments": answer.arguments(index)})
            + "</tool_call>"
            for index, call in enumerate(answer.calls)
        }
        pieces: list[Piece] = []
        for piece in answer.pieces:
            if piece.kind is PieceKind.TOOL:
                said = printed.pop(piece.call, "")
                piece = replace(piece, kind=PieceKind.TEXT, text=said, call=0)
            pieces.append(piece)
        return replace(answer, pieces=tuple(pieces), calls=(), finish=Finish.STOP)

    return Fault(name="tools_as_text", on_answer=bent)


def escapes() -> Fault:
    """Return terminal control sequences in the text and in the model's name."""

    def bent(answer: Answer) -> Answer:
        marked = Piece(kind=PieceKind.TEXT, text=_ESCAPES, tokens=0)
        return replace(
            answer,
            model=answer.model + _ESCAPES,
            pieces=(*answer.pieces, marked),
        )

    return Fault(name="escapes", on_answer=bent)


def empty_answer() -> Fault:
    """Return an answer that says nothing; only its input is billed."""

    def bent(answer: Answer) -> Answer:
        counts = replace(answer.counts, output=0, reasoning=0)
        return replace(answer, pieces=(), calls=(), counts=counts, finish=Finish.STOP)

    return Fault(name="empty_answer", on_answer=bent)
