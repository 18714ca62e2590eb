"""Denied tool calls of a Messages answer: a text block in the place of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faregate.core.transcript import ToolCall
from faregate.protocols.refusals import sse_event
from faregate.protocols.screening import (
    BodyCalls,
    CallJudge,
    Screen,
    decoded,
    dicts,
    document_of,
    encoded,
    text_of,
)
from faregate.protocols.sse import event_data

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CALL = "tool_use"
_ENDED = "end_turn"
_CLOSING = frozenset({"content_block_stop", "message_delta", "message_stop"})


class MessagesScreen(Screen):
    """One streamed answer; a block is held until its call is complete."""

    def __init__(self, judge: CallJudge) -> None:
        super().__init__(judge)
        self._id = self._name = ""
        self._parts: list[str] = []
        self._index: int | None = None
        self._open = False
        self._asked_blocks: list[int | None] = []

    def begins(self, data: bytes) -> bool:
        """Tell whether a block begins whose call may be in question."""
        event = decoded(data)
        block = _call_block(event)
        if block is None:
            return False
        name = str(block.get("name") or "")
        if not self._judge.concerns(name):
            self.kept_calls += 1
            return False
        self._start(event, block)
        return True

    def note(self, data: bytes) -> bool:
        """Take one event behind the beginning of such a block; a ping passes."""
        event = decoded(data)
        kind = event.get("type")
        if kind == "ping":
            return True
        block = _call_block(event)
        if block is not None:
            self._start(event, block)
        elif kind == "content_block_delta" and _index_of(event) == self._index:
            delta = event.get("delta")
            if isinstance(delta, dict):
                self._parts.append(text_of(delta.get("partial_json")))
        elif kind in _CLOSING and self._open:
            self._complete()
        return False

    def settled(self) -> bool:
        """Tell whether no block is open."""
        return not self._open

    def close(self) -> None:
        """Take what is held for complete."""
        if self._open:
            self._complete()

    def is_document(self, event: dict[str, Any]) -> bool:
        """Tell whether an event is a whole message."""
        return event.get("type") == "message"

    def rewrite(self, events: Sequence[bytes], texts: Mapping[int, str]) -> list[bytes]:
        """Return the events with a text block for each denied call."""
        denied = {self._asked_blocks[number]: text for number, text in texts.items()}
        out: list[bytes] = []
        for raw in events:
            event = decoded(event_data(raw))
            index = _index_of(event)
            if index in denied and str(event.get("type", "")).startswith("content_"):
                out += _in_place(event, denied[index])
            elif event.get("type") == "message_delta" and not self.kept_calls:
                out.append(_ended(event, raw))
            else:
                out.append(raw)
        return out

    def read(self, body: bytes) -> BodyCalls:
        """Read a message."""
        document = document_of(body)
        return BodyCalls(
            document, tuple(_tool_call(block) for block in _call_blocks(document))
        )

    def rewritten(self, body: BodyCalls, texts: Mapping[int, str]) -> bytes:
        """Return the message with a text block for each denied call."""
        blocks = _call_blocks(body.document)
        for number, text in texts.items():
            blocks[number].clear()
            blocks[number].update({"type": "text", "text": text})
        if not _call_blocks(body.document):
            _end(body.document)
        return encoded(body.document)

    def _start(self, event: dict[str, Any], block: dict[str, Any]) -> None:
        self._open = True
        self._index = _index_of(event)
        self._id, self._name = str(block.get("id") or ""), str(block.get("name") or "")
        given = block.get("input")
        self._parts = [text_of(given)] if given else []

    def _complete(self) -> None:
        self._open = False
        arguments = "".join(self._parts)
        call = ToolCall(id=self._id, name=self._name, arguments=arguments)
        if self.ask(call):
            self._asked_blocks.append(self._index)


def _call_block(event: dict[str, Any]) -> dict[str, Any] | None:
    block = event.get("content_block")
    if event.get("type") != "content_block_start" or not isinstance(block, dict):
        return None
    return block if block.get("type") == _CALL else None


def _call_blocks(document: Any) -> list[dict[str, Any]]:
    content = document.get("content") if isinstance(document, dict) else None
    return [block for block in dicts(content) if block.get("type") == _CALL]


def _tool_call(block: dict[str, Any]) -> ToolCall:
    return ToolCall(
        id=str(block.get("id") or ""),
        name=str(block.get("name") or ""),
        arguments=text_of(block.get("input")),
    )


def _index_of(event: dict[str, Any]) -> int | None:
    index = event.get("index")
    return index if isinstance(index, int) else None


def _in_place(event: dict[str, Any], text: str) -> list[bytes]:
    """Return what stands in place of one event of a denied block."""
    index, kind = event["index"], event["type"]
    if kind == "content_block_start":
        block = {"type": "text", "text": ""}
        delta = {"type": "text_delta", "text": text}
        return [
            _sse({"type": kind, "index": index, "content_block": block}),
            _sse({"type": "content_block_delta", "index": index, "delta": delta}),
        ]
    return [_sse(event)] if kind == "content_block_stop" else []


def _ended(event: dict[str, Any], raw: bytes) -> bytes:
    delta = event.get("delta")
    if not isinstance(delta, dict) or delta.get("stop_reason") != _CALL:
        return raw
    return _sse({**event, "delta": {**delta, "stop_reason": _ENDED}})


def _end(document: dict[str, Any]) -> None:
    if document.get("stop_reason") == _CALL:
        document["stop_reason"] = _ENDED


def _sse(event: dict[str, Any]) -> bytes:
    return sse_event(event, str(event["type"]))
