"""Denied tool calls of a Chat Completions answer: text in the place of each.

A call's arguments come in pieces, and nothing says that it is complete but the finish
reason of its choice; so calls that may be in question wait for that. Text flows on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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

_CALLS = "tool_calls"
_CALL = "function_call"
"""How calls were written before there could be several."""
_CALLING = frozenset({_CALLS, _CALL})
_ENDED = "stop"

Key = tuple[int, int]
"""A call: its choice, and its number there."""


@dataclass(slots=True)
class _Building:
    """A call whose pieces are still coming."""

    id: str = ""
    name: str = ""
    parts: list[str] = field(default_factory=list)

    def call(self) -> ToolCall:
        return ToolCall(id=self.id, name=self.name, arguments="".join(self.parts))


class ChatScreen(Screen):
    """One streamed answer."""

    def __init__(self, judge: CallJudge) -> None:
        super().__init__(judge)
        self._building: dict[Key, _Building] = {}
        self._passing: set[Key] = set()
        self._keys: list[Key] = []
        """The calls in question."""
        self._kept: dict[int, int] = {}
        """Calls of a choice that may be carried out."""

    def begins(self, data: bytes) -> bool:
        """Tell whether a chunk has the beginning of a call that may be in question."""
        chunk = decoded(data)
        if not self._concern(chunk):
            return False
        self._take(chunk)
        return True

    def note(self, data: bytes) -> bool:
        """Take one chunk behind such a beginning; text alone passes."""
        chunk = decoded(data)
        if _only_text(chunk) and not self._keys:
            return True
        self._concern(chunk)
        self._take(chunk)
        return False

    def settled(self) -> bool:
        """Tell whether no call is incomplete."""
        return not self._building

    def close(self) -> None:
        """Take what is held for complete, finish reason or not."""
        for choice in {key[0] for key in self._building}:
            self._complete(choice)

    def is_document(self, event: dict[str, Any]) -> bool:
        """Tell whether an event is a whole completion."""
        return any("message" in choice for choice in dicts(event.get("choices")))

    def rewrite(self, events: Sequence[bytes], texts: Mapping[int, str]) -> list[bytes]:
        """Return the chunks with a text for each denied call, others numbered anew."""
        denied = {self._keys[number]: text for number, text in texts.items()}
        for key in set(self._keys) - denied.keys():
            self._kept[key[0]] = self._kept.get(key[0], 0) + 1
        rewriting = _Rewriting(denied, self._kept)
        out: list[bytes] = []
        for raw in events:
            chunk = decoded(event_data(raw))
            out.append(rewriting.chunk(chunk, raw) if chunk else raw)
        return out

    def read(self, body: bytes) -> BodyCalls:
        """Read a completion."""
        document = document_of(body)
        calls = tuple(_tool_call(call) for _, call in _body_calls(document))
        return BodyCalls(document, calls)

    def rewritten(self, body: BodyCalls, texts: Mapping[int, str]) -> bytes:
        """Return the completion with a text for each denied call."""
        found = _body_calls(body.document)
        for number, text in texts.items():
            choice, call = found[number]
            _say_instead(choice, call, text)
        return encoded(body.document)

    def _concern(self, chunk: dict[str, Any]) -> bool:
        """Note the calls that begin in a chunk; tell whether one may be in question."""
        found = False
        for choice, number, piece in _pieces(chunk):
            key = (choice, number)
            if key in self._building or key in self._passing:
                continue
            name = str(_function(piece).get("name") or "")
            if self._judge.concerns(name) or self._held or self._building:
                self._building[key] = _Building()
                found = True
            else:
                self._passing.add(key)
                self.kept_calls += 1
                self._kept[choice] = self._kept.get(choice, 0) + 1
        return found

    def _take(self, chunk: dict[str, Any]) -> None:
        for index, number, piece in _pieces(chunk):
            building = self._building.get((index, number))
            if building is not None:
                function = _function(piece)
                building.id = building.id or str(piece.get("id") or "")
                building.name += str(function.get("name") or "")
                building.parts.append(text_of(function.get("arguments")))
        for choice in dicts(chunk.get("choices")):
            if choice.get("finish_reason"):
                self._complete(_number(choice.get("index")))

    def _complete(self, choice: int) -> None:
        for key in [key for key in self._building if key[0] == choice]:
            call = self._building.pop(key).call()
            if self.ask(call):
                self._keys.append(key)
            else:
                self._kept[choice] = self._kept.get(choice, 0) + 1
                self._passing.add(key)


class _Rewriting:
    """One pass over held chunks."""

    def __init__(self, denied: Mapping[Key, str], kept: Mapping[int, int]) -> None:
        self._denied = denied
        self._kept = kept
        self._said: set[Key] = set()

    def chunk(self, chunk: dict[str, Any], raw: bytes) -> bytes:
        """Return one chunk as it goes out; b"" where nothing of it is left."""
        changed = False
        left: list[dict[str, Any]] = []
        for choice in dicts(chunk.get("choices")):
            changed |= self._choice(choice)
            if choice.get("finish_reason") or _says(choice):
                left.append(choice)
        if not changed:
            return raw
        if not left and not chunk.get("usage"):
            return b""
        return sse_event({**chunk, "choices": left})

    def _choice(self, choice: dict[str, Any]) -> bool:
        """Change one choice; tell whether there was anything to change."""
        index = _number(choice.get("index"))
        changed = False
        delta = choice.get("delta")
        if isinstance(delta, dict):
            changed = self._delta(index, delta)
        ending = choice.get("finish_reason") in _CALLING
        if ending and not self._kept.get(index):
            choice["finish_reason"] = _ENDED
            changed = True
        return changed

    def _delta(self, choice: int, delta: dict[str, Any]) -> bool:
        said: list[str] = []
        changed = False
        if _CALLS in delta:
            kept = []
            for position, call in enumerate(dicts(delta[_CALLS])):
                key = (choice, _number(call.get("index"), position))
                if key in self._denied:
                    said += self._once(key)
                    changed = True
                    continue
                number = key[1] - self._before(key)
                changed |= number != key[1]
                kept.append({**call, "index": number})
            if kept:
                delta[_CALLS] = kept
            else:
                del delta[_CALLS]
        if _CALL in delta and (choice, 0) in self._denied:
            del delta[_CALL]
            said += self._once((choice, 0))
            changed = True
        if said:
            delta["content"] = "".join([delta.get("content") or "", *said])
        return changed

    def _once(self, key: Key) -> list[str]:
        if key in self._said:
            return []
        self._said.add(key)
        # What was said before it has no end of its own.
        return ["\n" + self._denied[key]]

    def _before(self, key: Key) -> int:
        return sum(1 for choice, n in self._denied if choice == key[0] and n < key[1])


def _pieces(chunk: dict[str, Any]) -> list[tuple[int, int, dict[str, Any]]]:
    """Return the pieces of calls in a chunk: choice, number, and the piece."""
    found: list[tuple[int, int, dict[str, Any]]] = []
    for choice in dicts(chunk.get("choices")):
        index = _number(choice.get("index"))
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            continue
        for position, call in enumerate(dicts(delta.get(_CALLS))):
            found.append((index, _number(call.get("index"), position), call))
        if isinstance(delta.get(_CALL), dict):
            found.append((index, 0, {"function": delta[_CALL]}))
    return found


def _only_text(chunk: dict[str, Any]) -> bool:
    """Tell whether a chunk neither calls nor ends anything."""
    choices = dicts(chunk.get("choices"))
    return (
        bool(choices)
        and not any(choice.get("finish_reason") for choice in choices)
        and not _pieces(chunk)
    )


def _says(choice: dict[str, Any]) -> bool:
    delta = choice.get("delta")
    if not isinstance(delta, dict):
        return False
    return any(value for name, value in delta.items() if name != "role")


def _function(call: dict[str, Any]) -> dict[str, Any]:
    function = call.get("function")
    if isinstance(function, dict):
        return function
    # Free-form tools carry their words in another member.
    custom = call.get("custom")
    if isinstance(custom, dict):
        return {"name": custom.get("name"), "arguments": custom.get("input")}
    return {}


def _body_calls(document: Any) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    found: list[tuple[dict[str, Any], dict[str, Any]]] = []
    choices = document.get("choices") if isinstance(document, dict) else None
    for choice in dicts(choices):
        message = choice.get("message")
        if not isinstance(message, dict):
            continue
        found += [(choice, call) for call in dicts(message.get(_CALLS))]
        if isinstance(message.get(_CALL), dict):
            found.append((choice, message[_CALL]))
    return found


def _say_instead(choice: dict[str, Any], call: dict[str, Any], text: str) -> None:
    """Put a text in the place of one call of a whole answer."""
    message = choice["message"]
    before = message.get("content")
    message["content"] = f"{before}\n{text}" if before else text
    if message.get(_CALL) is call:
        del message[_CALL]
    left = [each for each in dicts(message.pop(_CALLS, None)) if each is not call]
    if left:
        message[_CALLS] = left
    elif _CALL not in message and choice.get("finish_reason") in _CALLING:
        choice["finish_reason"] = _ENDED


def _tool_call(call: dict[str, Any]) -> ToolCall:
    function = _function(call) or call
    return ToolCall(
        id=str(call.get("id") or ""),
        name=str(function.get("name") or ""),
        arguments=text_of(function.get("arguments")),
    )


def _number(value: object, otherwise: int = 0) -> int:
    return value if isinstance(value, int) else otherwise
