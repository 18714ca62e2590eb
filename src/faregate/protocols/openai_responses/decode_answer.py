"""Reads a Responses answer, streamed or not, as events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from faregate.protocols.blocks import Blocks
from faregate.protocols.events import (
    CallKind,
    Finished,
    Started,
    StopReason,
    StreamEvent,
    UsageSeen,
)
from faregate.protocols.failures import failure_in
from faregate.protocols.foreign import refuse_foreign, refuse_unreadable
from faregate.protocols.openai_responses.request import PROTOCOL
from faregate.protocols.openai_responses.stream import Event, Item, read_event
from faregate.protocols.openai_responses.usage import read_usage
from faregate.protocols.seals import opened

if TYPE_CHECKING:
    from collections.abc import Mapping

_NULL = msgspec.Raw(b"null")
_TERMINAL = frozenset({"response.completed", "response.incomplete", "response.failed"})
_REASONS: Mapping[str, StopReason] = {
    "max_output_tokens": StopReason.LENGTH,
    "content_filter": StopReason.CONTENT_FILTER,
}
_CALLS: Mapping[str, CallKind] = {
    "function_call": CallKind.FUNCTION,
    "custom_tool_call": CallKind.CUSTOM,
    "local_shell_call": CallKind.LOCAL_SHELL,
}


class _Response(msgspec.Struct, gc=False):
    id: str | None = None
    model: str | None = None
    status: str | None = None
    usage: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()
    incomplete_details: dict[str, object] | None = None
    output: list[Item] | None = None


_BODY = msgspec.json.Decoder(_Response)


class ResponsesDecoder:
    """Reads one answer; see `AnswerDecoder`."""

    __slots__ = ("_blocks", "_flags", "_over", "_request_id", "_said", "_started")

    def __init__(self, flags: frozenset[str], request_id: str) -> None:
        self._flags = flags
        self._request_id = request_id
        self._blocks = Blocks()
        self._over = False
        self._started = False
        self._said: set[int] = set()

    def event(self, data: bytes, seen: object = None) -> list[StreamEvent]:
        """Read one event."""
        if self._over:
            return []
        if type(seen) is Event:
            event = seen
        else:
            try:
                event = read_event(data)
            except (msgspec.DecodeError, RecursionError):
                return self._unread(data)
        if event.delta is not None:
            self._more(event, event.delta)
            return self._blocks.take()
        return self._frame(event, data)

    def body(self, data: bytes) -> list[StreamEvent]:
        """Read an answer that was not streamed."""
        try:
            response = _BODY.decode(data)
        except (msgspec.DecodeError, RecursionError):
            return self._failed(data)
        if response.status is None and response.output is None:
            return self._failed(data)
        self._start(response)
        for index, item in enumerate(response.output or ()):
            self._begin(index, item)
            self._whole(index, item)
        return self._end(response)

    def finish(self) -> list[StreamEvent]:
        """Take the end of the stream; one without an end is no answer."""
        return []

    def _unread(self, data: bytes) -> list[StreamEvent]:
        refuse_foreign(data, PROTOCOL)
        # Audio and other deltas that are no text are no fault.
        if not (b'.delta"' in data and b'"response.' in data):
            refuse_unreadable(data)
        return []

    def _frame(self, event: Event, data: bytes) -> list[StreamEvent]:
        kind, blocks = event.type, self._blocks
        if event.item is not None:
            if kind == "response.output_item.added":
                self._begin(event.output_index, event.item)
            elif kind == "response.output_item.done":
                self._whole(event.output_index, event.item)
        elif event.response and event.response != _NULL:
            return self._told(kind, event.response)
        elif kind == "error" or (event.error and event.error != _NULL):
            return self._failed(data)
        elif event.object == "response":
            return self.body(data)
        elif kind == "response.reasoning_summary_part.added" and event.summary_index:
            blocks.reasoning("\n\n")
        else:
            refuse_foreign(data, PROTOCOL)
        return blocks.take()

    def _told(self, kind: str, raw: msgspec.Raw) -> list[StreamEvent]:
        try:
            response = _BODY.decode(raw)
        except msgspec.DecodeError:
            refuse_unreadable(bytes(raw))
            return []
        self._start(response)
        return self._end(response) if kind in _TERMINAL else self._blocks.take()

    def _failed(self, data: bytes) -> list[StreamEvent]:
        self._over = True
        return [failure_in(data)]

    def _start(self, response: _Response) -> None:
        if not self._started:
            self._started = True
            self._blocks.out.append(Started(response.id or "", response.model or ""))

    def _more(self, event: Event, delta: str) -> None:
        blocks, index = self._blocks, event.output_index
        match event.type:
            case "response.output_text.delta":
                blocks.text(delta)
            case (
                "response.function_call_arguments.delta"
                | "response.custom_tool_call_input.delta"
            ):
                if blocks.knows(index):
                    blocks.arguments(index, delta)
            case (
                "response.reasoning_summary_text.delta"
                | "response.reasoning_text.delta"
            ):
                blocks.reasoning(delta)
            case "response.refusal.delta":
                blocks.refusal(delta)
            case _:
                return
        self._said.add(index)

    def _begin(self, index: int, item: Item) -> None:
        kind = _CALLS.get(item.type)
        if kind is None or self._blocks.knows(index):
            return
        self._blocks.call(
            index,
            item.call_id or item.id or f"call_{self._request_id}_{index}",
            item.name or ("local_shell" if kind is CallKind.LOCAL_SHELL else ""),
            kind=kind,
            namespace=item.namespace or "",
        )

    def _whole(self, index: int, item: Item) -> None:
        blocks = self._blocks
        if item.type in _CALLS:
            self._begin(index, item)
            given = item.arguments or item.input or bytes(item.action).decode()
            if index not in self._said and given:
                blocks.arguments(index, given)
            blocks.end_call(index)
            return
        if index not in self._said:
            self._tell(item)
        if item.type == "reasoning" and item.encrypted_content:
            seal = opened(item.encrypted_content, PROTOCOL)
            if seal is not None:
                blocks.sealed(seal)
        if item.type in {"reasoning", "message"}:
            blocks.boundary()

    def _tell(self, item: Item) -> None:
        """Take what an item holds that was not streamed."""
        blocks = self._blocks
        if item.type == "reasoning":
            texts = [part.text for part in item.summary or item.content or ()]
            text = "\n\n".join(each for each in texts if each)
            if text:
                blocks.reasoning(text)
        elif item.type == "message":
            for part in item.content or ():
                if part.text:
                    blocks.text(part.text)
                if part.refusal:
                    blocks.refusal(part.refusal)

    def _end(self, response: _Response) -> list[StreamEvent]:
        self._over = True
        blocks = self._blocks
        if response.error and response.error != _NULL:
            out = self._failed(b'{"error":' + bytes(response.error) + b"}")
            return [*blocks.take(), *out]
        blocks.close()
        usage = read_usage(response.usage, self._flags, 0)
        if usage is not None:
            blocks.out.append(UsageSeen(usage))
        details = response.incomplete_details or {}
        reason = StopReason.STOP
        if response.status == "incomplete":
            reason = _REASONS.get(str(details.get("reason")), StopReason.LENGTH)
        elif blocks.called:
            reason = StopReason.TOOL_CALLS
        blocks.out.append(Finished(reason))
        return blocks.take()
