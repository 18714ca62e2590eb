"""Reads the input items of a Responses request as turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.protocols.codec import BadRequestError
from faregate.protocols.data_urls import source_of
from faregate.protocols.dialogue import (
    Document,
    Image,
    Inline,
    Part,
    Reasoning,
    Remote,
    Role,
    Text,
    ToolCall,
    ToolResult,
    Turn,
)
from faregate.protocols.events import CallKind
from faregate.protocols.losses import Loss
from faregate.protocols.members import Members, object_text
from faregate.protocols.openai_responses.request import PROTOCOL
from faregate.protocols.seals import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROLES = {
    "system": Role.SYSTEM,
    "developer": Role.DEVELOPER,
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
}
_RESULTS = {
    "function_call_output": CallKind.FUNCTION,
    "custom_tool_call_output": CallKind.CUSTOM,
    "local_shell_call_output": CallKind.LOCAL_SHELL,
}
_NOTHING = Turn(role=Role.USER, parts=())


def read_items(
    request: Members, losses: set[Loss]
) -> Iterator[tuple[Turn, Members | None]]:
    """Yield a turn for each item, and the item where it declares more tools."""
    if isinstance(request.get("input"), str):
        text = Text(text=request.needed("input"))
        yield Turn(role=Role.USER, parts=(text,)), None
        return
    for item in request.objects("input"):
        kind = item.text("type") or "message"
        if kind == "additional_tools":
            yield _NOTHING, item
        else:
            yield _turn(item, kind, losses), None


def _turn(item: Members, kind: str, losses: set[Loss]) -> Turn:
    if kind == "message":
        role = _ROLES.get(item.needed("role"))
        if role is None:
            raise item.wrong("role", f"one of {', '.join(_ROLES)}")
        return Turn(role=role, parts=tuple(_content(item, "content", losses)))
    if kind in _RESULTS:
        return Turn(role=Role.USER, parts=(_result(item, kind, losses),))
    part = _assistants(item, kind, losses)
    return Turn(role=Role.ASSISTANT, parts=() if part is None else (part,))


def _assistants(item: Members, kind: str, losses: set[Loss]) -> Part | None:
    match kind:
        case "function_call":
            return _call(item, CallKind.FUNCTION, "arguments")
        case "custom_tool_call":
            return _call(item, CallKind.CUSTOM, "input")
        case "local_shell_call":
            return ToolCall(
                id=item.needed("call_id"),
                name="local_shell",
                arguments=object_text(item.mapping("action") or {}),
                kind=CallKind.LOCAL_SHELL,
            )
        case "reasoning":
            return _reasoning(item)
        case "configuration_update":
            # The agent's own change of its settings, in the middle of a session.
            losses.add(Loss.REASONING_CONTROL)
            return None
        case _ if kind.endswith(("_call", "_call_output")):
            losses.add(Loss.SERVER_BLOCKS)
            return None
        case _:
            raise BadRequestError(
                f"`{item.where}`: an item of the kind {kind[:40]!r} can only be read "
                "by the provider that made it; send the conversation itself.",
                item.where,
            )


def _call(item: Members, kind: CallKind, field: str) -> ToolCall:
    return ToolCall(
        id=item.needed("call_id"),
        name=item.needed("name"),
        arguments=item.text(field) or "",
        kind=kind,
        namespace=item.text("namespace") or "",
    )


def _reasoning(item: Members) -> Reasoning | None:
    texts = [part.text("text") or "" for part in item.objects("summary")]
    if not texts:
        texts = [part.text("text") or "" for part in item.objects("content")]
    text = "\n\n".join(texts)
    seal = opened(item.text("encrypted_content") or "", PROTOCOL)
    return Reasoning(text=text, seal=seal) if text or seal else None


def _result(item: Members, kind: str, losses: set[Loss]) -> ToolResult:
    output = item.get("output")
    if isinstance(output, dict):
        parts: tuple[Text | Image | Document, ...] = (Text(text=object_text(output)),)
    else:
        parts = tuple(_content(item, "output", losses))
    call_id = item.text("call_id") or item.needed("id")
    return ToolResult(call_id=call_id, content=parts, kind=_RESULTS[kind])


def _content(
    item: Members, key: str, losses: set[Loss]
) -> Iterator[Text | Image | Document]:
    content = item.get(key)
    if isinstance(content, str):
        yield Text(text=content)
        return
    for part in item.objects(key):
        yield _part(part, losses)


def _part(part: Members, losses: set[Loss]) -> Text | Image | Document:
    kind = part.needed("type")
    match kind:
        case "input_text" | "output_text" | "text" | "summary_text":
            if part.get("annotations"):
                losses.add(Loss.CITATIONS)
            return Text(text=part.needed("text"))
        case "refusal":
            return Text(text=part.needed("refusal"))
        case "input_image":
            return _image(part)
        case "input_file":
            return _file(part)
        case _:
            raise part.unknown(kind)


def _image(part: Members) -> Image:
    url = part.text("image_url")
    if url is None:
        raise _stored(part)
    detail = part.text("detail")
    return Image(source=source_of(url), detail=None if detail == "auto" else detail)


def _file(part: Members) -> Document:
    name = part.text("filename")
    data, url = part.text("file_data"), part.text("file_url")
    if data is not None:
        source = source_of(data)
        if isinstance(source, Remote):
            source = Inline(media_type="application/pdf", data=data)
        return Document(source=source, name=name)
    if url is not None:
        return Document(source=Remote(url=url), name=name)
    raise _stored(part)


def _stored(part: Members) -> BadRequestError:
    return BadRequestError(
        f"`{part.where}`: a file that is stored at another provider cannot be sent to "
        "this one; send its bytes.",
        part.where,
    )
