"""One captured request in the terminal: its summary, and each of its parts."""

from __future__ import annotations

import base64
import sys
from typing import TYPE_CHECKING, Any

import msgspec

from faregate.cli import output
from faregate.control.sanitise import sanitise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from faregate.capture_shelf import CaptureShelf
    from faregate.control.capture import (
        BodyView,
        CapturedAttemptView,
        CaptureView,
        Part,
    )

PARTS = ("request", "sent", "response", "reply", "headers", "raw")
_LONGEST_LINE = 100_000


def summary(view: CaptureView) -> Iterator[str]:
    """Yield a request's way in a few lines."""
    yield f"{view.request}  {view.at}  session {view.session}"
    yield f"{view.method} {view.path}  {_size(view.body)}"
    for each in view.attempts:
        yield from _attempt(each)
    if view.reply is not None:
        same = view.reply.body is None and view.attempts
        what = "as the provider answered" if same else _size(view.reply.body)
        yield f"the agent got: {view.reply.status or '-'}, {what}"
    if view.refusal is not None:
        yield f"refused: {view.refusal}"
    yield f"took {view.duration_ms / 1000:.3f} s"
    yield f"more: faregate capture show {view.request} --part {'|'.join(PARTS)}"


def print_part(shelf: CaptureShelf, view: CaptureView, part: str, attempt: int) -> None:
    """Print one part; exact bytes where the output is no terminal and it is raw."""
    if part == "headers":
        _print(list(_headers(view)))
        return
    wire: Part = _WIRE[part]
    data = shelf.body(view.request, wire, attempt)
    body = _view_of(view, wire, attempt)
    if part == "raw" and not sys.stdout.isatty():
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        _print(_lines(view, part, attempt, data))
    if body is not None and body.kept < body.length:
        output.note(f"faregate: the first {body.kept:,} of {body.length:,} bytes")
    if body is not None and not body.complete:
        output.note("faregate: it was broken off there")


def whole(shelf: CaptureShelf, view: CaptureView) -> dict[str, Any]:
    """Return everything as one document; bodies as JSON, as text, or in base64."""
    document: dict[str, Any] = msgspec.to_builtins(view)
    document["request_body"] = _plain(shelf.body(view.request, "request"))
    for number, each in enumerate(document["attempts"], 1):
        if each["body"] is not None:
            each["sent_body"] = _plain(shelf.body(view.request, "sent", number))
        if each["answer"] is not None:
            each["answer_body"] = _plain(shelf.body(view.request, "answer", number))
    if view.reply is not None and view.reply.body is not None:
        document["reply_body"] = _plain(shelf.body(view.request, "reply"))
    return document


_WIRE: dict[str, Part] = {
    "request": "request",
    "sent": "sent",
    "response": "answer",
    "raw": "answer",
    "reply": "reply",
}


def _lines(view: CaptureView, part: str, attempt: int, data: bytes) -> list[str]:
    # Loaded here: whoever turns capture on has no use for decoders.
    from faregate.protocols.readable import (
        is_stream,
        pretty,
        protocol_of,
        raw_lines,
        whole_answer,
    )

    if part == "raw":
        body = _view_of(view, "answer", attempt)
        return raw_lines(data, [] if body is None else body.arrivals)
    if part == "reply":
        protocol: str | None = view.protocol
    elif part == "response" and view.attempts:
        protocol = protocol_of(view.attempts[attempt - 1].url)
    else:
        return pretty(data)
    if not is_stream(data):
        return pretty(data)
    return whole_answer(protocol, data) or pretty(data)


def _view_of(view: CaptureView, part: Part, attempt: int) -> BodyView | None:
    if part == "request":
        return view.body
    if part == "reply":
        if view.reply is not None and view.reply.body is not None:
            return view.reply.body
        return view.attempts[-1].answer if view.attempts else None
    if not 0 < attempt <= len(view.attempts):
        return None
    each = view.attempts[attempt - 1]
    return (each.body or view.body) if part == "sent" else each.answer


def _attempt(each: CapturedAttemptView) -> Iterator[str]:
    at = each.sent_ms / 1000
    what = "as it came" if each.body is None else _size(each.body)
    yield f"+{at:.3f} s  try {each.number}: {each.method} {each.url}  {what}"
    if each.status is not None and each.answered_ms is not None:
        at = each.answered_ms / 1000
        yield f"+{at:.3f} s  answered {each.status}, {_size(each.answer)}"
    if each.error is not None:
        yield f"          {each.error}"


def _size(body: BodyView | None) -> str:
    if body is None:
        return "no body"
    cut = f", {body.kept:,} kept" if body.kept < body.length else ""
    return f"{body.length:,} bytes{cut}{'' if body.complete else ', broken off'}"


def _headers(view: CaptureView) -> Iterator[str]:
    yield f"> {view.method} {view.path}"
    yield from _each(">", view.headers)
    for each in view.attempts:
        yield ""
        yield f">> {each.method} {each.url}"
        yield from _each(">>", each.headers)
        if each.status is not None:
            yield f"<< {each.status}"
            yield from _each("<<", each.answer_headers)
    if view.reply is not None:
        yield ""
        yield f"< {view.reply.status or '-'}"
        yield from _each("<", view.reply.headers)


def _each(mark: str, headers: Sequence[tuple[str, str]]) -> Iterator[str]:
    for name, value in headers:
        yield f"{mark} {name}: {value}"


def _print(lines: Sequence[str]) -> None:
    """Print lines; made harmless where a terminal would read them."""
    terminal = sys.stdout.isatty()
    for line in lines:
        if terminal:
            output.result(sanitise(line, limit=_LONGEST_LINE))
        else:
            output.verbatim(line)


def _plain(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, RecursionError):
        pass
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}
