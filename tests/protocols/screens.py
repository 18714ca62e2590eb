"""A judge of tool calls, and a screen that one answer goes through."""

from __future__ import annotations

import json
from typing import Any

from faregate.core.transcript import ToolCall
from faregate.protocols.registry import by_name
from faregate.protocols.screening import Screen
from faregate.protocols.tool_screens import screen_of

NO = "[Faregate] no \u00e9"


class Judge:
    """Has questions about calls of these tools."""

    def __init__(self, *tools: str, everything: bool = False) -> None:
        self.tools = tools
        self.everything = everything
        self.only_concerned = False

    def concerns(self, tool: str) -> bool:
        return self.everything or tool in self.tools

    def questions(self, call: ToolCall) -> bool:
        return not self.only_concerned and self.concerns(call.name)


def screen(name: str, judge: Judge) -> Screen:
    made = screen_of(name, judge)
    assert made is not None
    return made


def through(made: Screen, stream: bytes, size: int = 10**9) -> tuple[bytes, bytes]:
    """Return what passed before the end, and what was decided at once."""
    passed = b"".join(
        made.feed(stream[at : at + size]) for at in range(0, len(stream), size)
    )
    return passed, made.finish()


def denied(name: str, stream: bytes, judge: Judge, size: int = 10**9) -> bytes:
    made = screen(name, judge)
    passed = b"".join(through(made, stream, size))
    return passed + (made.resolve([NO] * len(made.asked)) if made.asked else b"")


def metered(name: str, stream: bytes) -> Any:
    codec = by_name(name)
    assert codec is not None
    meter = codec.meter(strip_usage=False, flags=frozenset())
    meter.feed(stream)
    meter.finish()
    return meter.answer()


def texts(document: Any) -> list[str]:
    """Return every text inside a decoded value."""
    if isinstance(document, str):
        return [document]
    items = document.values() if isinstance(document, dict) else document
    return (
        [text for item in items for text in texts(item)]
        if isinstance(items, list) or isinstance(document, dict)
        else []
    )


def events_of(stream: bytes) -> list[bytes]:
    return sorted(stream.split(b"\n\n"))


def payloads(stream: bytes) -> list[Any]:
    lines = [
        x.removeprefix(b"data: ") for x in stream.splitlines() if x[:5] == b"data:"
    ]
    return [json.loads(line) for line in lines if line != b"[DONE]"]
