"""Reads Responses answers, streamed or not."""

from __future__ import annotations

import msgspec

from faregate.protocols.metering import Reader
from faregate.protocols.openai_responses.usage import read_usage

_NULL = msgspec.Raw(b"null")
_TERMINAL = frozenset({"response.completed", "response.incomplete", "response.failed"})
# An answer of these states is still being made, and billed.
_RUNNING = frozenset({"queued", "in_progress"})
# Tool calls that wait for the client to run them.
_CLIENT_CALLS = frozenset(
    {
        "function_call",
        "custom_tool_call",
        "local_shell_call",
        "shell_call",
        "apply_patch_call",
        "computer_call",
    }
)
# Calls of the provider's own tools that carry a fee.
_PAID_CALLS = frozenset(
    {
        "web_search_call",
        "file_search_call",
        "code_interpreter_call",
        "image_generation_call",
    }
)


class Text(msgspec.Struct, gc=False):
    """A part of an item's content or summary."""

    type: str = ""
    text: str | None = None
    refusal: str | None = None


class Item(msgspec.Struct, gc=False):
    """One item of the output."""

    type: str = ""
    id: str | None = None
    call_id: str | None = None
    name: str | None = None
    namespace: str | None = None
    arguments: str | None = None
    input: str | None = None
    action: msgspec.Raw = msgspec.Raw()
    content: list[Text] | None = None
    summary: list[Text] | None = None
    encrypted_content: str | None = None


class Event(msgspec.Struct, gc=False):
    """One event, with all that a translation reads of it."""

    type: str = ""
    delta: str | None = None
    item: Item | None = None
    output_index: int = 0
    summary_index: int = 0
    response: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()
    object: str | None = None


class _Text(msgspec.Struct, gc=False):
    text: str | None = None
    refusal: str | None = None


class _Item(msgspec.Struct, gc=False):
    type: str = ""
    name: str | None = None
    content: list[_Text] | None = None
    summary: list[_Text] | None = None
    arguments: str | None = None
    input: str | None = None


class _Head(msgspec.Struct, gc=False):
    """A response without its output."""

    id: str | None = None
    model: str | None = None
    status: str | None = None
    service_tier: str | None = None
    usage: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()
    incomplete_details: dict[str, object] | None = None


class _Kind(msgspec.Struct, gc=False):
    type: str = ""


class _Output(msgspec.Struct, gc=False):
    output: list[_Item] | None = None


class _Kinds(msgspec.Struct, gc=False):
    output: list[_Kind] | None = None


class _Event(msgspec.Struct, gc=False):
    """The same event where some field has a type that nobody expected."""

    type: str = ""
    delta: msgspec.Raw = msgspec.Raw()
    item: _Kind | None = None
    response: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()


read_event = msgspec.json.Decoder(Event).decode
_EVENT = msgspec.json.Decoder(_Event)
_HEAD = msgspec.json.Decoder(_Head)
_OUTPUT = msgspec.json.Decoder(_Output)
_KINDS = msgspec.json.Decoder(_Kinds)
_TEXT = msgspec.json.Decoder(str)


class ResponsesReader(Reader):
    """Reads the events or the body of one answer."""

    __slots__ = ("_flags", "_paid")

    def __init__(self, flags: frozenset[str]) -> None:
        super().__init__()
        self._flags = flags
        self._paid = 0

    def event(self, data: bytes) -> bool:
        """Read one event; none of this dialect's carries usage alone."""
        self.seen = None
        try:
            event: Event | _Event = read_event(data)
            self.seen = event
        except msgspec.ValidationError:
            event = _loosely(data)
        except (msgspec.DecodeError, RecursionError):
            return False
        delta = event.delta
        if type(delta) is str and event.type.endswith(".delta"):
            self.tally.wrote(delta)
        else:
            self._frame(event, data)
        return False

    def _frame(self, event: Event | _Event, data: bytes) -> None:
        kind = event.type
        if kind.endswith(".delta"):
            self._delta(event.delta)
        elif kind == "response.output_item.added":
            if event.item is not None:
                self._count(event.item.type)
        elif event.response:
            self._response(bytes(event.response), terminal=kind in _TERMINAL)
        elif kind == "error" or (event.error and event.error != _NULL):
            self.tally.failed(data)
        elif not kind and b'"object"' in data:
            self.body(data)

    def body(self, data: bytes) -> None:
        """Read a complete answer that was not streamed."""
        if self._response(data, terminal=True):
            self._text_of(data)
        else:
            self.tally.failed(data)

    def _delta(self, delta: msgspec.Raw | str | None) -> None:
        if not delta:
            return
        try:
            self.tally.wrote(_TEXT.decode(delta))
        except msgspec.DecodeError:
            # Audio and other deltas that are no text.
            self.tally.started = True

    def _count(self, kind: str) -> None:
        if kind in _CLIENT_CALLS:
            self.tally.tool_calls += 1
            self.tally.started = True
        elif kind in _PAID_CALLS:
            self._paid += 1

    def _response(self, data: bytes, *, terminal: bool) -> bool:
        """Read a response object; return whether it is one."""
        try:
            head = _HEAD.decode(data)
        except (msgspec.DecodeError, RecursionError):
            return False
        if head.status is None and not head.usage:
            return False
        tally = self.tally
        tally.response_id = head.id or tally.response_id
        tally.model = head.model or tally.model
        tally.service_tier = head.service_tier or tally.service_tier
        if head.error and head.error != _NULL:
            tally.failed(b'{"error":' + bytes(head.error) + b"}")
        if terminal and head.status not in _RUNNING:
            self._ended(head, data)
        return True

    def _ended(self, head: _Head, data: bytes) -> None:
        tally = self.tally
        tally.complete = tally.final = True
        reason = (head.incomplete_details or {}).get("reason")
        tally.finish = reason if isinstance(reason, str) else head.status
        try:
            kinds = [item.type for item in _KINDS.decode(data).output or ()]
        except msgspec.DecodeError:
            kinds = []
        calls = sum(1 for kind in kinds if kind in _CLIENT_CALLS)
        tally.tool_calls = max(tally.tool_calls, calls)
        self._paid = max(self._paid, sum(1 for kind in kinds if kind in _PAID_CALLS))
        tally.reported(read_usage(head.usage, self._flags, self._paid))

    def _text_of(self, data: bytes) -> None:
        """Count the output of a body that was not streamed."""
        try:
            items = _OUTPUT.decode(data).output or []
        except msgspec.DecodeError:
            return
        wrote = self.tally.wrote
        for item in items:
            for text in (*(item.content or ()), *(item.summary or ())):
                wrote(text.text or "")
                wrote(text.refusal or "")
            wrote(item.name or "")
            wrote(item.arguments or "")
            wrote(item.input or "")


def _loosely(data: bytes) -> _Event:
    try:
        return _EVENT.decode(data)
    except msgspec.DecodeError:
        return _Event()
