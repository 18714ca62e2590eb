"""Writes an answer as Responses, streamed or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from faregate.protocols.assembling import Assembled, Block, Called, Said, Thought
from faregate.protocols.blocks import LIMIT
from faregate.protocols.codec import StreamTooLargeError
from faregate.protocols.counters import cache_details
from faregate.protocols.events import (
    BlockEnded,
    CallDelta,
    CallKind,
    CallStarted,
    Failed,
    Finished,
    ReasoningDelta,
    RefusalDelta,
    Sealed,
    Started,
    StopReason,
    StreamEvent,
    TextDelta,
    UsageSeen,
)
from faregate.protocols.members import json_object
from faregate.protocols.openai_responses.request import PROTOCOL
from faregate.protocols.seals import enveloped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from faregate.core.usage import Usage
    from faregate.protocols.dialects import AnswerForm

_TO_JSON = msgspec.json.Encoder()
_DELTA = (
    b"event: response.output_text.delta\n"
    b'data: {"type":"response.output_text.delta","sequence_number":'
)
_END = b',"logprobs":[]}\n\n'
_INCOMPLETE: Mapping[StopReason, str] = {
    StopReason.LENGTH: "max_output_tokens",
    StopReason.CONTEXT_WINDOW: "max_output_tokens",
    StopReason.CONTENT_FILTER: "content_filter",
    StopReason.REFUSAL: "content_filter",
}


def usage_block(usage: Usage | None) -> dict[str, Any] | None:
    """Return usage as this dialect states it: input with its cached part inside."""
    if usage is None:
        return None
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": cache_details(usage),
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.total_tokens,
    }


class ResponsesEncoder:
    """Writes one answer; see `AnswerEncoder`.

    Keeps what the answer says so far: its last event repeats all of it.
    """

    __slots__ = (
        "_answer",
        "_form",
        "_kept",
        "_number",
        "_open",
        "_out",
        "_said",
        "_started",
        "_text",
    )

    def __init__(self, form: AnswerForm) -> None:
        self._form = form
        self._answer = Assembled()
        self._number = 0
        self._open: Block | None = None
        self._started = False
        self._out: list[bytes] = []
        self._kept = 0
        self._text = b""
        """What a delta of the open text has after its number; b"" without one."""
        self._said: list[str] = []
        """The pieces of the open text."""

    def stream(self, events: Sequence[StreamEvent]) -> bytes:
        """Return the events of this dialect."""
        for event in events:
            if type(event) is TextDelta and self._text:
                self._more(event.text)
            else:
                self._take(event)
        out, self._out = self._out, []
        return out[0] if len(out) == 1 else b"".join(out)

    def whole(self, events: Sequence[StreamEvent]) -> bytes:
        """Return the answer as one body."""
        for event in events:
            self._answer.take(event)
        return _TO_JSON.encode(self._response(ended=True))

    def _take(self, event: StreamEvent) -> None:
        if isinstance(event, Started):
            self._answer.take(event)
            self._start()
            return
        if not self._started:
            self._start()
        block = self._answer.take(event)
        if block is not None and block is not self._open:
            self._close()
            self._begin(block)
        match event:
            case TextDelta(text=text) | RefusalDelta(text=text):
                self._spoke(event, text)
            case CallDelta(arguments=text):
                self._argued(text)
            case ReasoningDelta(text=text):
                self._thought(text)
            case BlockEnded():
                self._close()
            case Finished() | Failed():
                self._finish(event)
            case Sealed() | CallStarted() | UsageSeen():
                pass
            case _:
                pass

    def _emit(self, kind: str, **members: Any) -> None:
        payload = {"type": kind, "sequence_number": self._number, **members}
        self._number += 1
        line = f"event: {kind}\ndata: ".encode()
        self._out.append(line + _TO_JSON.encode(payload) + b"\n\n")

    def _start(self) -> None:
        if self._started:
            return
        self._started = True
        response = self._response(ended=False)
        self._emit("response.created", response=response)
        self._emit("response.in_progress", response=response)

    @property
    def _index(self) -> int:
        return len(self._answer.blocks) - 1

    def _keep(self, text: str) -> None:
        self._kept += len(text)
        if self._kept > LIMIT:
            raise StreamTooLargeError(f"the answer is longer than {LIMIT} characters")

    def _begin(self, block: Block) -> None:
        self._open = block
        if isinstance(block, Called) and block.kind is CallKind.LOCAL_SHELL:
            return
        index = self._index
        item = self._item(index, block, ended=False)
        self._emit("response.output_item.added", output_index=index, item=item)
        if isinstance(block, Said):
            self._part("response.content_part.added", _content(block, empty=True))
            if not block.refusal:
                self._text = self._place(index, b',"content_index":0')
                self._said = block.pieces
        elif isinstance(block, Thought):
            self._summary("response.reasoning_summary_part.added", "")

    def _part(self, kind: str, part: dict[str, Any]) -> None:
        index = self._index
        self._emit(
            kind,
            item_id=self._item_id(index),
            output_index=index,
            content_index=0,
            part=part,
        )

    def _summary(self, kind: str, text: str) -> None:
        index = self._index
        self._emit(
            kind,
            item_id=self._item_id(index),
            output_index=index,
            summary_index=0,
            part={"type": "summary_text", "text": text},
        )

    def _spoke(self, event: TextDelta | RefusalDelta, text: str) -> None:
        self._keep(text)
        if isinstance(event, TextDelta):
            self._delta(b"response.output_text.delta", text, b',"logprobs":[]')
        else:
            self._delta(b"response.refusal.delta", text)

    def _more(self, text: str) -> None:
        """Take more of the open text: `_take`, for each of thousands."""
        self._said.append(text)
        self._keep(text)
        number = self._number
        self._number = number + 1
        self._out.append(
            b"%b%d%b%b%b" % (_DELTA, number, self._text, _TO_JSON.encode(text), _END)
        )

    def _argued(self, text: str) -> None:
        self._keep(text)
        block = self._open
        if not isinstance(block, Called) or block.kind is CallKind.LOCAL_SHELL:
            return
        if block.kind is CallKind.CUSTOM:
            self._delta(b"response.custom_tool_call_input.delta", text, place=b"")
        else:
            self._delta(b"response.function_call_arguments.delta", text, place=b"")

    def _thought(self, text: str) -> None:
        self._keep(text)
        self._delta(
            b"response.reasoning_summary_text.delta", text, place=b',"summary_index":0'
        )

    def _delta(
        self,
        kind: bytes,
        text: str,
        rest: bytes = b"",
        place: bytes = b',"content_index":0',
    ) -> None:
        number = self._number
        self._number += 1
        self._out.append(
            b'event: %b\ndata: {"type":"%b","sequence_number":%d%b%b%b}\n\n'
            % (
                kind,
                kind,
                number,
                self._place(self._index, place),
                _TO_JSON.encode(text),
                rest,
            )
        )

    def _place(self, index: int, place: bytes) -> bytes:
        item = _TO_JSON.encode(self._item_id(index))
        return b',"item_id":%b,"output_index":%d%b,"delta":' % (item, index, place)

    def _close(self) -> None:
        block, self._open = self._open, None
        self._text = b""
        if block is None:
            return
        # The one that closes is the last, or the one before it: never merely alike.
        last = self._index
        index = last if self._answer.blocks[last] is block else last - 1
        item = self._item(index, block, ended=True)
        at = {"item_id": self._item_id(index), "output_index": index}
        match block:
            case Said(text=text, refusal=refusal):
                name = "refusal" if refusal else "output_text"
                said = {"refusal" if refusal else "text": text}
                self._emit(f"response.{name}.done", **at, content_index=0, **said)
                part = _content(block, empty=False)
                self._emit(
                    "response.content_part.done", **at, content_index=0, part=part
                )
            case Thought(text=text):
                part = {"type": "summary_text", "text": text}
                self._emit(
                    "response.reasoning_summary_text.done",
                    **at,
                    summary_index=0,
                    text=text,
                )
                self._emit(
                    "response.reasoning_summary_part.done",
                    **at,
                    summary_index=0,
                    part=part,
                )
            case Called():
                self._called(block, at, item)
        self._emit("response.output_item.done", output_index=index, item=item)

    def _called(self, block: Called, at: dict[str, Any], item: dict[str, Any]) -> None:
        match block.kind:
            case CallKind.LOCAL_SHELL:
                self._emit(
                    "response.output_item.added",
                    output_index=at["output_index"],
                    item={**item, "status": "in_progress"},
                )
            case CallKind.CUSTOM:
                self._emit(
                    "response.custom_tool_call_input.done", **at, input=block.arguments
                )
            case CallKind.FUNCTION:
                self._emit(
                    "response.function_call_arguments.done",
                    **at,
                    name=block.name,
                    arguments=item["arguments"],
                )

    def _finish(self, event: Finished | Failed) -> None:
        self._close()
        response = self._response(ended=True)
        if isinstance(event, Failed):
            error = {"code": event.code or "server_error", "message": event.message}
            self._emit("error", **error, param=None)
            self._emit("response.failed", response=response)
        elif event.reason in _INCOMPLETE:
            self._emit("response.incomplete", response=response)
        else:
            self._emit("response.completed", response=response)

    def _item_id(self, index: int) -> str:
        kind = {Said: "msg", Thought: "rs"}.get(type(self._answer.blocks[index]), "fc")
        return f"{kind}_{self._form.request_id}_{index}"

    def _item(self, index: int, block: Block, *, ended: bool) -> dict[str, Any]:
        item: dict[str, Any] = {"id": self._item_id(index)}
        match block:
            case Said():
                content = [_content(block, empty=False)] if ended else []
                item |= {"type": "message", "role": "assistant", "content": content}
            case Thought(seal=seal, text=text):
                summary = {"type": "summary_text", "text": text}
                item |= {"type": "reasoning", "summary": [summary] if ended else []}
                if ended:
                    item["encrypted_content"] = enveloped(seal, PROTOCOL)
            case Called():
                item |= _call(block, ended=ended)
        item["status"] = "completed" if ended else "in_progress"
        return item

    def _response(self, *, ended: bool) -> dict[str, Any]:
        answer = self._answer
        own = answer.id or self._form.request_id
        blocks = enumerate(answer.blocks) if ended else ()
        cut = _INCOMPLETE.get(answer.reason) if ended else None
        status = "completed" if cut is None else "incomplete"
        error = answer.error
        return {
            "id": own if own.startswith("resp_") else f"resp_{own}",
            "object": "response",
            "created_at": self._form.created,
            "status": ("failed" if error else status) if ended else "in_progress",
            "error": None
            if error is None
            else {"code": error.code or "server_error", "message": error.message},
            "incomplete_details": None if cut is None else {"reason": cut},
            "instructions": None,
            "metadata": {},
            "model": answer.model or self._form.model,
            "output": [self._item(i, block, ended=True) for i, block in blocks],
            "parallel_tool_calls": True,
            "temperature": None,
            "tool_choice": "auto",
            "tools": [],
            "top_p": None,
            "usage": usage_block(answer.usage),
        }


def _content(block: Said, *, empty: bool) -> dict[str, Any]:
    text = "" if empty else block.text
    if block.refusal:
        return {"type": "refusal", "refusal": text}
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _call(block: Called, *, ended: bool) -> dict[str, Any]:
    arguments = block.arguments if ended else ""
    item: dict[str, Any] = {"call_id": block.id}
    match block.kind:
        case CallKind.LOCAL_SHELL:
            action = json_object(block.arguments) or {}
            return item | {"type": "local_shell_call", "action": action}
        case CallKind.CUSTOM:
            item |= {"type": "custom_tool_call", "input": arguments}
        case CallKind.FUNCTION:
            whole = arguments or "{}" if ended else ""
            item |= {"type": "function_call", "arguments": whole}
    item["name"] = block.name
    if block.namespace:
        item["namespace"] = block.namespace
    return item
