"""Bodies of requests and answers as lines that a person can read.

Pure, and tolerant: what is cut off or no JSON comes as the text that it is. Nothing
here makes text harmless for a terminal; whoever prints it does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from faregate.protocols.anthropic_messages.request import PROTOCOL as MESSAGES
from faregate.protocols.assembling import Called, Said, Thought, assembled
from faregate.protocols.codec import StreamBrokenError, StreamTooLargeError
from faregate.protocols.gemini.request import PROTOCOL as GENERATE_CONTENT
from faregate.protocols.openai_chat.request import PROTOCOL as CHAT
from faregate.protocols.openai_responses.request import PROTOCOL as RESPONSES
from faregate.protocols.translation.stream import Payloads
from faregate.protocols.translation.table import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from faregate.protocols.assembling import Assembled, Block
    from faregate.protocols.events import StreamEvent

_LONG_TEXT = 300
_SAVED = 100
"""Characters that a fold must save: about a line of a screen and the words for it."""
_LONG_LIST = 4
_FOLDED_LISTS = frozenset({"messages", "input", "contents", "tools", "system"})
_DEEPEST = 60
_ENDINGS = (
    ("/chat/completions", CHAT),
    ("/responses", RESPONSES),
    ("/messages", MESSAGES),
    ("generateContent", GENERATE_CONTENT),
    ("GenerateContent", GENERATE_CONTENT),
)
_STREAM = re.compile(rb"\s*(?:event|data|id|retry)?:")
_ESCAPE = re.compile(r"\\(.)")


def protocol_of(url: str) -> str | None:
    """Return the dialect that is spoken at a URL or path, where it is known."""
    path = url.partition("?")[0]
    return next((name for end, name in _ENDINGS if path.endswith(end)), None)


def is_stream(data: bytes) -> bool:
    """Tell whether a body is a stream of events."""
    return _STREAM.match(data[:200]) is not None


def text_lines(data: bytes) -> list[str]:
    """Return a body as the text that it is."""
    text = data.decode("utf-8", "replace")
    return text.replace("\r\n", "\n").split("\n")


def pretty(data: bytes, *, fold: bool = False) -> list[str]:
    """Return a JSON body indented, any other as it is.

    With `fold`, long lists and texts are cut, each with how much was left out.
    """
    try:
        if fold:
            data = msgspec.json.encode(_folded(msgspec.json.decode(data), "", 0))
        else:
            # What cannot be read would come out as something else.
            msgspec.json.decode(data)
        return msgspec.json.format(data, indent=2).decode().split("\n")
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return text_lines(data)


def opened(line: str) -> list[str]:
    r"""Return a line of JSON with each \n of its texts as a line break."""
    if "\\n" not in line:
        return [line]
    inner = " " * (len(line) - len(line.lstrip()) + 2)
    broken = _ESCAPE.sub(lambda found: _unescaped(found[0], found[1]), line)
    first, *rest = broken.split("\n")
    return [first, *(inner + each for each in rest)]


def whole_answer(protocol: str | None, data: bytes) -> list[str] | None:
    """Return what an answer, streamed or not, says in all; None where that is hidden.

    Its texts, its reasoning, its tool calls, why it ended and what it used.
    """
    dialect = DIALECTS.get(protocol or "")
    if dialect is None:
        return None
    payloads = Payloads(dialect.decoder(frozenset(), ""))
    events: list[StreamEvent] = []
    try:
        for piece in _pieces(data):
            events += payloads.feed(piece)
        events += payloads.finish()
    except (StreamBrokenError, StreamTooLargeError, ValueError, RecursionError):
        # Half an answer is worth reading too.
        pass
    answer = assembled(events)
    # A body that is an error tells more by itself.
    if not answer.blocks and not (
        is_stream(data) and (answer.error or answer.finished)
    ):
        return None
    return list(_told(answer))


def raw_lines(data: bytes, arrivals: Sequence[tuple[int, int]]) -> list[str]:
    """Return a stream as it came: each piece under when it arrived and its size."""
    if not arrivals:
        return text_lines(data)
    lines: list[str] = []
    starts = [start for start, _ in arrivals if start < len(data)]
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else len(data)
        seconds = arrivals[number][1] / 1000
        lines.append(f"+{seconds:.3f} s  {end - start:,} bytes")
        piece = text_lines(data[start:end])
        while piece and not piece[-1]:
            piece.pop()
        lines += [f"  {each}" for each in piece]
    return lines


def _pieces(data: bytes) -> list[bytes]:
    """Return a stream cut so that what breaks late takes nothing else with it."""
    if not is_stream(data) or b"\n\n" not in data:
        return [data]
    *whole, rest = data.split(b"\n\n")
    return [*(each + b"\n\n" for each in whole), *([rest] if rest else [])]


def _told(answer: Assembled) -> Iterator[str]:
    for block in answer.blocks:
        yield from _block(block)
    if answer.error is not None:
        yield f"-- error: {answer.error.message}"
    if answer.finished is not None:
        yield f"-- ended: {answer.reason}"
    usage = answer.usage
    if usage is not None:
        cached = f", {usage.cache_read:,} cached" if usage.cache_read else ""
        yield f"-- used: {usage.input_tokens:,} in{cached}, {usage.output:,} out"


def _block(block: Block) -> Iterator[str]:
    match block:
        case Called():
            yield f"-- tool call: {block.name} {block.id}".rstrip()
            for line in pretty(block.arguments.encode()):
                yield from opened(line)
        case Thought():
            text = block.text
            yield "-- reasoning" if text else "-- reasoning (sealed)"
            if text:
                yield from text.split("\n")
        case Said():
            yield "-- refusal" if block.refusal else "-- text"
            yield from block.text.split("\n")
    yield ""


def _folded(value: Any, name: str, depth: int) -> Any:
    if depth > _DEEPEST:
        return "... nested deeper ..."
    if isinstance(value, str) and len(value) >= _LONG_TEXT + _SAVED:
        left = len(value) - _LONG_TEXT
        return f"{value[:_LONG_TEXT]} ... {left:,} more characters ..."
    if isinstance(value, dict):
        if depth and name in {"input_schema", "parameters", "schema"}:
            return f"... {len(value)} members ..."
        return {key: _folded(each, str(key), depth + 1) for key, each in value.items()}
    if isinstance(value, list):
        most = _LONG_LIST if name in _FOLDED_LISTS else 3 * _LONG_LIST
        kept = value
        if len(value) > most + 1:
            # The latest say what this request is about.
            head, tail = value[:1], value[-(most - 1) :]
            left = len(value) - len(head) - len(tail)
            kept = [*head, f"... {left} more ...", *tail]
        return [_folded(each, "", depth + 1) for each in kept]
    return value


def _unescaped(whole: str, what: str) -> str:
    return {"n": "\n", "r": "", "t": "    "}.get(what, whole)
