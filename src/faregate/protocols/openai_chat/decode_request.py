"""Reads a Chat Completions request as a dialogue."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from faregate.protocols.codec import BadRequestError
from faregate.protocols.data_urls import source_of
from faregate.protocols.dialogue import (
    UNNAMED,
    Choice,
    Dialogue,
    Document,
    Image,
    Inline,
    OutputFormat,
    Part,
    Read,
    Reasoning,
    ReasoningControl,
    Role,
    Sampling,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
    canonical,
)
from faregate.protocols.events import CallKind
from faregate.protocols.losses import Loss
from faregate.protocols.members import Members, read_members, schema_of
from faregate.protocols.sampling import read_mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.protocols.codec import RequestHead

_IGNORED = frozenset({"stream_options", "n", "functions", "function_call"})
_ROLES = {
    "system": Role.SYSTEM,
    "developer": Role.DEVELOPER,
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
}
_STANDARD_TIERS = frozenset({"auto", "default"})


def read_request(_head: RequestHead, body: bytes) -> Read:
    """Return a request as a dialogue; raise BadRequestError where it cannot be."""
    request = read_members(body)
    _refuse(request)
    losses: set[Loss] = set()
    dialogue = Dialogue(
        model=request.needed("model"),
        turns=canonical(_turns(request, losses)),
        tools=tuple(_tools(request, losses)),
        tool_choice=_tool_choice(request, losses),
        parallel_calls=request.flag("parallel_tool_calls") is not False,
        output_bound=_bound(request),
        sampling=_sampling(request),
        reasoning=ReasoningControl(effort=request.text("reasoning_effort")),
        output_format=_output_format(request),
        verbosity=request.text("verbosity"),
        user=request.text("user"),
        cache_key=request.text("prompt_cache_key"),
        stream=request.flag("stream") or False,
    )
    _note_the_rest(request, losses)
    return Read(dialogue=dialogue, losses=frozenset(losses))


def _refuse(request: Members) -> None:
    if (request.integer("n") or 1) > 1:
        raise BadRequestError(
            "`n` above 1 cannot be translated for this provider; ask once for each "
            "choice.",
            "n",
        )
    if request.get("functions") or request.get("function_call"):
        raise BadRequestError(
            "`functions` is a retired form that cannot be translated; use `tools`.",
            "functions",
        )
    modalities = request.texts("modalities")
    if "audio" in modalities or request.get("audio"):
        raise BadRequestError(
            "Spoken answers cannot be translated for this provider.", "modalities"
        )


def _note_the_rest(request: Members, losses: set[Loss]) -> None:
    if request.flag("store"):
        losses.add(Loss.STORE)
    if (request.text("service_tier") or "auto") not in _STANDARD_TIERS:
        losses.add(Loss.SERVICE_TIER)
    if request.get("web_search_options") is not None:
        losses.add(Loss.SERVER_TOOLS)
    if request.unread(_IGNORED):
        losses.add(Loss.FIELDS)


def _bound(request: Members) -> int | None:
    younger = request.integer("max_completion_tokens")
    older = request.integer("max_tokens")
    return older if younger is None else younger


def _sampling(request: Members) -> Sampling:
    wanted = request.flag("logprobs")
    logprobs = request.integer("top_logprobs")
    if logprobs is None and wanted:
        logprobs = 0
    return Sampling(
        temperature=request.number("temperature"),
        top_p=request.number("top_p"),
        top_k=request.integer("top_k"),
        frequency_penalty=request.number("frequency_penalty"),
        presence_penalty=request.number("presence_penalty"),
        seed=request.integer("seed"),
        stop=request.texts("stop"),
        logprobs=logprobs,
    )


def _output_format(request: Members) -> OutputFormat | None:
    wanted = request.object("response_format")
    if wanted is None:
        return None
    match wanted.needed("type"):
        case "json_object":
            return OutputFormat()
        case "json_schema":
            inner = wanted.object("json_schema")
            if inner is None:
                raise wanted.wrong("json_schema", "an object")
            return OutputFormat(
                schema=inner.mapping("schema") or {},
                name=None if inner.text("name") == UNNAMED else inner.text("name"),
                strict=inner.flag("strict") or False,
            )
        case "text":
            return None
        case _:
            raise wanted.wrong("type", "text, json_object or json_schema")


def _tools(request: Members, losses: set[Loss]) -> Iterator[Tool]:
    for tool in request.objects("tools"):
        kind = tool.text("type") or "function"
        if kind == "function":
            inner = tool.object("function")
            if inner is None:
                raise tool.wrong("function", "an object")
            yield Tool(
                name=inner.needed("name"),
                description=inner.text("description"),
                schema=schema_of(inner, "parameters"),
                strict=inner.flag("strict") or False,
                cache=read_mark(tool),
            )
        elif kind == "custom":
            inner = tool.object("custom")
            if inner is None:
                raise tool.wrong("custom", "an object")
            yield Tool(
                name=inner.needed("name"),
                description=inner.text("description"),
                kind=CallKind.CUSTOM,
                grammar=_grammar(inner),
                cache=read_mark(tool),
            )
        else:
            losses.add(Loss.SERVER_TOOLS)


def _grammar(tool: Members) -> dict[str, Any] | None:
    """Return the format of a custom tool in its flat form."""
    wanted = tool.object("format")
    if wanted is None or wanted.text("type") == "text":
        return None
    inner = wanted.object("grammar")
    if inner is None:
        raise wanted.wrong("grammar", "an object")
    return {
        "type": "grammar",
        "syntax": inner.needed("syntax"),
        "definition": inner.needed("definition"),
    }


def _tool_choice(request: Members, losses: set[Loss]) -> ToolChoice | None:
    choice = request.get("tool_choice")
    if choice is None:
        return None
    if isinstance(choice, str):
        if choice not in {"auto", "none", "required"}:
            raise request.wrong("tool_choice", "auto, none, required or an object")
        return None if choice == "auto" else ToolChoice(choice=Choice(choice))
    named = Members(choice, "tool_choice")
    kind = named.text("type")
    if kind in {"function", "custom"}:
        inner = named.object(kind)
        if inner is None:
            raise named.wrong(kind, "an object")
        return ToolChoice(choice=Choice.NAMED, name=inner.needed("name"))
    losses.add(Loss.TOOL_CHOICE)
    return None


def _turns(request: Members, losses: set[Loss]) -> Iterator[Turn]:
    for message in request.objects("messages"):
        role = message.needed("role")
        if role == "tool":
            yield Turn(role=Role.USER, parts=(_result(message),))
            continue
        known = _ROLES.get(role)
        if known is None:
            raise message.wrong("role", f"one of {', '.join(_ROLES)} or tool")
        parts = _assistant(message) if known is Role.ASSISTANT else _content(message)
        if message.get("annotations"):
            losses.add(Loss.CITATIONS)
        yield Turn(role=known, parts=tuple(parts))


def _result(message: Members) -> ToolResult:
    content = [
        part for part in _content(message) if isinstance(part, Text | Image | Document)
    ]
    mark = content[-1].cache if content else None
    if mark is not None:
        content[-1] = replace(content[-1], cache=None)
    return ToolResult(
        call_id=message.needed("tool_call_id"), content=tuple(content), cache=mark
    )


def _assistant(message: Members) -> Iterator[Part]:
    thought = message.text("reasoning_content") or message.text("reasoning")
    if thought:
        yield Reasoning(text=thought)
    yield from _content(message)
    refused = message.text("refusal")
    if refused:
        yield Text(text=refused)
    for call in message.objects("tool_calls"):
        yield _call(call)


def _call(call: Members) -> ToolCall:
    if call.text("type") == "custom":
        inner = call.object("custom")
        if inner is None:
            raise call.wrong("custom", "an object")
        return ToolCall(
            id=call.needed("id"),
            name=inner.needed("name"),
            arguments=inner.text("input") or "",
            kind=CallKind.CUSTOM,
        )
    inner = call.object("function")
    if inner is None:
        raise call.wrong("function", "an object")
    return ToolCall(
        id=call.needed("id"),
        name=inner.needed("name"),
        arguments=inner.text("arguments") or "",
    )


def _content(message: Members) -> Iterator[Part]:
    content = message.get("content")
    if isinstance(content, str):
        yield Text(text=content, cache=read_mark(message))
        return
    for part in message.objects("content"):
        yield _part(part)


def _part(part: Members) -> Part:
    kind = part.needed("type")
    match kind:
        case "text":
            return Text(text=part.needed("text"), cache=read_mark(part))
        case "refusal":
            return Text(text=part.needed("refusal"))
        case "image_url":
            return _image(part)
        case "file":
            return _file(part)
        case _:
            raise part.unknown(kind)


def _image(part: Members) -> Image:
    inner = part.get("image_url")
    if isinstance(inner, str):
        return Image(source=source_of(inner), cache=read_mark(part))
    image = Members(inner, f"{part.where}.image_url")
    detail = image.text("detail")
    return Image(
        source=source_of(image.needed("url")),
        detail=None if detail == "auto" else detail,
        cache=read_mark(part),
    )


def _file(part: Members) -> Document:
    file = part.object("file")
    data = None if file is None else file.text("file_data")
    if file is None or data is None:
        raise BadRequestError(
            f"`{part.where}`: a file that is stored at another provider cannot be "
            "sent to this one; put its bytes into `file_data`.",
            part.where,
        )
    source = source_of(data)
    if not isinstance(source, Inline):
        source = Inline(media_type="application/pdf", data=data)
    return Document(source=source, name=file.text("filename"), cache=read_mark(part))
