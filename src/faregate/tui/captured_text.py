"""What was captured of a request as lines of text, part by part.

Pure and slow: it runs in a thread. Every line that leaves here is harmless.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from rich.cells import cell_len, chop_cells

from faregate.control.sanitise import sanitise
from faregate.protocols.readable import (
    is_stream,
    opened,
    pretty,
    protocol_of,
    raw_lines,
    whole_answer,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from faregate.control.capture import BodyView, CaptureView
    from faregate.control.capture import Part as WirePart

LONGEST_LINE = 4_000_000
MOST_LINES = 400_000
"""Lines that are shown of one part; nobody reads on, and memory is bounded."""
_STEP = 32_000


class Part(StrEnum):
    """A part of the screen of one request."""

    SUMMARY = "summary"
    REQUEST = "request"
    RESPONSE = "response"
    HEADERS = "headers"
    RAW = "raw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One body that a part can show."""

    label: str
    wire: WirePart
    attempt: int = 0
    body: BodyView
    protocol: str | None = None


def sources(view: CaptureView, part: Part) -> list[Source]:
    """Return the bodies of a part; the one to begin with comes first."""
    found: list[Source] = []
    if part is Part.REQUEST:
        found.append(
            Source(label="as the agent sent it", wire="request", body=view.body)
        )
        for each in view.attempts:
            if each.body is not None:
                label = f"as try {each.number} sent it to {each.target}"
                found.append(
                    Source(
                        label=label, wire="sent", attempt=each.number, body=each.body
                    )
                )
    elif part in {Part.RESPONSE, Part.RAW}:
        found += (
            Source(
                label=f"try {each.number}, {each.target}, {each.status}",
                wire="answer",
                attempt=each.number,
                body=each.answer,
                protocol=protocol_of(each.url),
            )
            for each in reversed(view.attempts)
            if each.answer is not None
        )
        if view.reply is not None and view.reply.body is not None:
            found.append(
                Source(
                    label=f"what the agent got, {view.reply.status}",
                    wire="reply",
                    body=view.reply.body,
                    protocol=view.protocol,
                )
            )
    return found


def body_lines(part: Part, source: Source, data: bytes, *, fold: bool) -> list[str]:
    """Return a body as a person reads it; `fold` leaves out what is long."""
    lines: list[str]
    if part is Part.RAW:
        lines = raw_lines(data, source.body.arrivals)
    else:
        told = None
        if part is Part.RESPONSE and is_stream(data):
            told = whole_answer(source.protocol, data)
        lines = told or [
            piece for each in pretty(data, fold=fold) for piece in opened(each)
        ]
    return [*lines, *_ends(source.body)]


def header_lines(view: CaptureView) -> list[str]:
    """Return the headers of every step, secrets hidden."""
    lines = [f"{view.method} {view.path}", *_each(view.headers)]
    for each in view.attempts:
        lines += ["", f"-- try {each.number}: {each.method} {each.url}"]
        lines += _each(each.headers)
        if each.status is not None:
            lines += ["", f"-- answered {each.status}", *_each(each.answer_headers)]
        if each.error is not None:
            lines.append(f"-- {each.error}")
    if view.reply is not None:
        lines += ["", f"-- the agent got {view.reply.status}"]
        lines += _each(view.reply.headers)
    if view.refusal is not None:
        lines += ["", f"-- refused: {view.refusal}"]
    return lines


def fitted(lines: Iterable[str], cells: int) -> list[str]:
    """Return harmless lines of at most `cells` cells; longer ones go on below."""
    found: list[str] = []
    for each in lines:
        found += _pieces(each, max(cells, 1))
        if len(found) > MOST_LINES:
            return [*found[:MOST_LINES], "-- more than this screen shows"]
    return found


def _pieces(text: str, cells: int) -> Iterator[str]:
    if len(text) <= cells and text.isascii() and text.isprintable():
        yield text
        return
    for start in range(0, max(len(text), 1), _STEP):
        part = sanitise(text[start : start + _STEP], limit=LONGEST_LINE)
        if part.isascii():
            yield from _broken(part, cells)
        elif cell_len(part) <= cells:
            yield part
        else:
            yield from chop_cells(part, max(cells, 2))


def _broken(text: str, cells: int) -> Iterator[str]:
    """Break a text behind a space where one is near the end, else anywhere."""
    start = 0
    while start < len(text):
        end = start + cells
        if end < len(text):
            space = text.rfind(" ", start + cells // 2, end)
            end = space + 1 if space > 0 else end
        yield text[start:end]
        start = end
    if not text:
        yield ""


def _each(headers: Sequence[tuple[str, str]]) -> list[str]:
    return [f"{name}: {value}" for name, value in headers]


def _ends(body: BodyView) -> list[str]:
    lines: list[str] = []
    if body.kept < body.length:
        lines.append(f"-- cut here: {body.kept:,} of {body.length:,} bytes are kept")
    if not body.complete:
        lines.append("-- it was broken off here")
    return lines
