"""Denied tool calls of a Responses answer: a message in the place of each."""

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

_CALLS = frozenset(
    {
        "function_call",
        "custom_tool_call",
        "local_shell_call",
        "shell_call",
        "apply_patch_call",
        "computer_call",
    }
)
"""Items that wait for the client to carry them out."""
_ARGUMENTS = ("arguments", "input", "action", "operation", "actions")
_ADDED = "response.output_item.added"
_DONE = "response.output_item.done"
_TERMINAL = frozenset({"response.completed", "response.incomplete", "response.failed"})
_NUMBER = "sequence_number"
_LONGEST_ID = 64


class ResponsesScreen(Screen):
    """One streamed answer; an item is held until its call is complete."""

    def __init__(self, judge: CallJudge) -> None:
        super().__init__(judge)
        self._open: dict[int, dict[str, Any]] = {}
        self._judged: set[int] = set()
        self._places: list[int] = []
        """The output indexes of the calls in question."""

    def begins(self, data: bytes) -> bool:
        """Tell whether an item begins whose call may be in question."""
        event = decoded(data)
        if event.get("type") in _TERMINAL:
            return self._terminal(event)
        item = _call_item(event, _ADDED) or _call_item(event, _DONE)
        if item is None or not self._judge.concerns(_name(item)):
            return False
        self._take(event)
        return True

    def note(self, data: bytes) -> bool:
        """Take one event behind the beginning of such an item."""
        event = decoded(data)
        if event.get("type") in _TERMINAL:
            self._terminal(event)
        else:
            self._take(event)
        return False

    def settled(self) -> bool:
        """Tell whether no item is open."""
        return not self._open

    def close(self) -> None:
        """Take what is held for complete, with the arguments that are known."""
        for place, item in list(self._open.items()):
            self._complete(place, item)

    def is_document(self, event: dict[str, Any]) -> bool:
        """Tell whether an event is a whole response."""
        return event.get("object") == "response" and not event.get("type")

    def rewrite(self, events: Sequence[bytes], texts: Mapping[int, str]) -> list[bytes]:
        """Return the events with a message for each denied call, numbered anew."""
        denied = {self._places[number]: text for number, text in texts.items()}
        asked = {self._places[n]: call for n, call in enumerate(self._asked)}
        numbering = _Numbering()
        unsaid = dict(denied)
        out: list[bytes] = []
        for raw in events:
            event = decoded(event_data(raw))
            numbering.saw(event)
            place = event.get("output_index")
            terminal = event.get("type") in _TERMINAL
            for each in [at for at in unsaid if terminal or at == place]:
                message = _message(asked[each], unsaid.pop(each))
                out += numbering.events(_said(each, message))
            if terminal:
                _end(event, {_key(asked[at]): text for at, text in denied.items()})
            if not event:
                out.append(raw)
            elif not isinstance(place, int) or place not in denied:
                out += numbering.events([event])
        return out

    def read(self, body: bytes) -> BodyCalls:
        """Read a response."""
        document = document_of(body)
        return BodyCalls(document, tuple(map(_tool_call, _call_items(document))))

    def rewritten(self, body: BodyCalls, texts: Mapping[int, str]) -> bytes:
        """Return the response with a message for each denied call."""
        items = _call_items(body.document)
        for number, text in texts.items():
            message = _message(body.calls[number], text)
            items[number].clear()
            items[number].update(message)
        return encoded(body.document)

    def _take(self, event: dict[str, Any]) -> None:
        place = _place(event)
        item = _call_item(event, _ADDED)
        if item is not None and place not in self._judged:
            self._open[place] = item
        item = _call_item(event, _DONE)
        if item is not None and place not in self._judged:
            self._complete(place, item)

    def _terminal(self, event: dict[str, Any]) -> bool:
        """Judge the calls that only the end tells whole; tell whether any is asked."""
        response = event.get("response")
        output = response.get("output") if isinstance(response, dict) else None
        found = False
        for place, item in enumerate(output if isinstance(output, list) else ()):
            known = place in self._judged or not isinstance(item, dict)
            if not known and item.get("type") in _CALLS:
                found |= self._complete(place, item)
        self.close()
        return found

    def _complete(self, place: int, item: dict[str, Any]) -> bool:
        self._open.pop(place, None)
        self._judged.add(place)
        if not self.ask(_tool_call(item)):
            return False
        self._places.append(place)
        return True


class _Numbering:
    """Gives events numbers without gaps, where the provider numbers its own."""

    def __init__(self) -> None:
        self._next: int | None = None

    def saw(self, event: dict[str, Any]) -> None:
        number = event.get(_NUMBER)
        if self._next is None and isinstance(number, int):
            self._next = number

    def events(self, events: Sequence[dict[str, Any]]) -> list[bytes]:
        out: list[bytes] = []
        for event in events:
            if self._next is not None:
                event[_NUMBER] = self._next
                self._next += 1
            out.append(sse_event(event, str(event.get("type") or "message")))
        return out


def _call_item(event: dict[str, Any], kind: str) -> dict[str, Any] | None:
    item = event.get("item")
    if event.get("type") != kind or not isinstance(item, dict):
        return None
    return item if item.get("type") in _CALLS else None


def _call_items(document: Any) -> list[dict[str, Any]]:
    output = document.get("output") if isinstance(document, dict) else None
    return [item for item in dicts(output) if item.get("type") in _CALLS]


def _place(event: dict[str, Any]) -> int:
    place = event.get("output_index")
    return place if isinstance(place, int) else -1


def _name(item: dict[str, Any]) -> str:
    return str(item.get("name") or item.get("type") or "")


def _tool_call(item: dict[str, Any]) -> ToolCall:
    found = next((item[name] for name in _ARGUMENTS if item.get(name)), "")
    return ToolCall(
        id=str(item.get("call_id") or item.get("id") or ""),
        name=_name(item),
        arguments=text_of(found),
    )


def _message(call: ToolCall, text: str) -> dict[str, Any]:
    return {
        "id": f"msg_denied_{call.id}"[:_LONGEST_ID],
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "content": [_part(text)],
    }


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": []}


def _said(place: int, message: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the events by which a message is streamed."""
    part = message["content"][0]
    text = part["text"]
    begun = {**message, "status": "in_progress", "content": []}
    where = {"item_id": message["id"], "output_index": place, "content_index": 0}
    return [
        {"type": _ADDED, "output_index": place, "item": begun},
        {"type": "response.content_part.added", **where, "part": _part("")},
        {"type": "response.output_text.delta", **where, "delta": text},
        {"type": "response.output_text.done", **where, "text": text},
        {"type": "response.content_part.done", **where, "part": part},
        {"type": _DONE, "output_index": place, "item": message},
    ]


def _key(call: ToolCall) -> str:
    return call.id or f"{call.name} {call.arguments}"


def _end(event: dict[str, Any], texts: Mapping[str, str]) -> None:
    """Replace the denied calls in the response that ends the stream."""
    for item in _call_items(event.get("response")):
        call = _tool_call(item)
        if (text := texts.get(_key(call))) is not None:
            message = _message(call, text)
            item.clear()
            item.update(message)
