"""Reads a Messages request as a dialogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.protocols.anthropic_messages.request import PROTOCOL
from faregate.protocols.codec import BadRequestError
from faregate.protocols.dialogue import (
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
    Remote,
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
from faregate.protocols.events import Seal
from faregate.protocols.losses import Loss
from faregate.protocols.members import Members, object_text, read_members, schema_of
from faregate.protocols.sampling import read_mark
from faregate.protocols.seals import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.protocols.codec import RequestHead

REDACTED = "redacted:"
"""How the seal of reasoning begins that the provider did not show at all."""

# Clearing old thoughts is for the provider's own; a billing line is for its vendor.
_IGNORED = frozenset({"context_management", "betas", "service_tier", "inference_geo"})
_ROLES = {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.SYSTEM}
_STANDARD_TIERS = frozenset({"auto", "standard_only"})
_SERVER_BLOCKS = frozenset({"server_tool_use", "mcp_tool_use", "mcp_tool_result"})


def read_request(_head: RequestHead, body: bytes) -> Read:
    """Return a request as a dialogue; raise BadRequestError where it cannot be."""
    request = read_members(body)
    losses: set[Loss] = set()
    choice, parallel = _tool_choice(request)
    dialogue = Dialogue(
        model=request.needed("model"),
        turns=canonical([*_system(request), *_turns(request, losses)]),
        tools=tuple(_tools(request, losses)),
        tool_choice=choice,
        parallel_calls=parallel,
        output_bound=request.integer("max_tokens"),
        sampling=Sampling(
            temperature=request.number("temperature"),
            top_p=request.number("top_p"),
            top_k=request.integer("top_k"),
            stop=request.texts("stop_sequences"),
        ),
        reasoning=_reasoning(request),
        output_format=_output_format(request),
        user=_user(request),
        stream=request.flag("stream") or False,
    )
    _note_the_rest(request, losses)
    return Read(dialogue=dialogue, losses=frozenset(losses))


def _note_the_rest(request: Members, losses: set[Loss]) -> None:
    if (request.text("service_tier") or "auto") not in _STANDARD_TIERS:
        losses.add(Loss.SERVICE_TIER)
    if request.get("cache_control") is not None:
        losses.add(Loss.CACHE_CONTROL)
    if request.get("mcp_servers"):
        losses.add(Loss.SERVER_TOOLS)
    if request.get("container") is not None:
        raise BadRequestError(
            "`container` lives at another provider and cannot be translated.",
            "container",
        )
    if request.unread(_IGNORED):
        losses.add(Loss.FIELDS)


def _user(request: Members) -> str | None:
    metadata = request.object("metadata")
    return None if metadata is None else metadata.text("user_id")


def _reasoning(request: Members) -> ReasoningControl:
    thinking = request.object("thinking")
    config = request.object("output_config")
    effort = None if config is None else config.text("effort")
    if thinking is None:
        return ReasoningControl(effort=effort)
    kind = thinking.needed("type")
    if kind == "disabled":
        return ReasoningControl(effort=effort, budget=0)
    if kind == "adaptive":
        return ReasoningControl(effort=effort, visible=True)
    budget = thinking.integer("budget_tokens")
    return ReasoningControl(effort=effort, budget=budget, visible=True)


def _output_format(request: Members) -> OutputFormat | None:
    config = request.object("output_config")
    wanted = None if config is None else config.object("format")
    if wanted is None:
        wanted = request.object("output_format")
    if wanted is None:
        return None
    return OutputFormat(schema=wanted.mapping("schema") or {}, strict=True)


def _tool_choice(request: Members) -> tuple[ToolChoice | None, bool]:
    choice = request.object("tool_choice")
    if choice is None:
        return None, True
    parallel = choice.flag("disable_parallel_tool_use") is not True
    match choice.needed("type"):
        case "auto":
            return None, parallel
        case "any":
            return ToolChoice(choice=Choice.REQUIRED), parallel
        case "none":
            return ToolChoice(choice=Choice.NONE), parallel
        case "tool":
            name = choice.needed("name")
            return ToolChoice(choice=Choice.NAMED, name=name), parallel
        case _:
            raise choice.wrong("type", "auto, any, tool or none")


def _tools(request: Members, losses: set[Loss]) -> Iterator[Tool]:
    for tool in request.objects("tools"):
        if (tool.text("type") or "custom") not in {"custom", "function"}:
            losses.add(Loss.SERVER_TOOLS)
            continue
        yield Tool(
            name=tool.needed("name"),
            description=tool.text("description"),
            schema=schema_of(tool, "input_schema"),
            strict=tool.flag("strict") or False,
            cache=read_mark(tool),
        )


def _system(request: Members) -> Iterator[Turn]:
    system = request.get("system")
    if system is None:
        return
    if isinstance(system, str):
        yield Turn(role=Role.SYSTEM, parts=(Text(text=system),))
        return
    texts = tuple(
        Text(text=part.needed("text"), cache=read_mark(part))
        for part in request.objects("system")
    )
    yield Turn(role=Role.SYSTEM, parts=texts)


def _turns(request: Members, losses: set[Loss]) -> Iterator[Turn]:
    for message in request.objects("messages"):
        role = _ROLES.get(message.needed("role"))
        if role is None:
            raise message.wrong("role", "user, assistant or system")
        content = message.get("content")
        if isinstance(content, str):
            yield Turn(role=role, parts=(Text(text=content),))
            continue
        parts: list[Part] = []
        for block in message.objects("content"):
            part = _part(block, losses)
            if part is not None:
                parts.append(part)
        yield Turn(role=role, parts=tuple(parts))


def _part(block: Members, losses: set[Loss]) -> Part | None:
    kind = block.needed("type")
    match kind:
        case "tool_use":
            return ToolCall(
                id=block.needed("id"),
                name=block.needed("name"),
                arguments=object_text(block.mapping("input") or {}),
                cache=read_mark(block),
            )
        case "tool_result":
            return _result(block, losses)
        case "thinking":
            return Reasoning(
                text=block.text("thinking") or "",
                seal=opened(block.text("signature") or "", PROTOCOL),
            )
        case "redacted_thinking":
            data = REDACTED + (block.text("data") or "")
            return Reasoning(text="", seal=Seal(PROTOCOL, data))
        case _ if kind in _SERVER_BLOCKS or kind.endswith("_tool_result"):
            losses.add(Loss.SERVER_BLOCKS)
            return None
        case _:
            return _content(block, kind, losses)


def _content(
    block: Members, kind: str, losses: set[Loss]
) -> Text | Image | Document | None:
    match kind:
        case "text":
            if block.get("citations"):
                losses.add(Loss.CITATIONS)
            return Text(text=block.needed("text"), cache=read_mark(block))
        case "image":
            return Image(source=_source(block), cache=read_mark(block))
        case "document":
            return _document(block)
        case "search_result":
            losses.add(Loss.CITATIONS)
            texts = [part.text("text") or "" for part in block.objects("content")]
            return Text(text="\n".join(texts), cache=read_mark(block))
        case "tool_reference" | "container_upload" | "compaction":
            losses.add(Loss.SERVER_BLOCKS)
            return None
        case _:
            raise block.unknown(kind)


def _source(block: Members) -> Inline | Remote:
    source = block.object("source")
    kind = None if source is None else source.needed("type")
    if source is not None and kind == "base64":
        media_type = source.needed("media_type")
        return Inline(media_type=media_type, data=source.needed("data"))
    if source is not None and kind == "url":
        return Remote(url=source.needed("url"))
    raise BadRequestError(
        f"`{block.where}`: only bytes and URLs can be translated, no stored file.",
        block.where,
    )


def _document(block: Members) -> Document | Text:
    source = block.object("source")
    if source is not None and source.text("type") == "text":
        return Text(text=source.needed("data"), cache=read_mark(block))
    return Document(
        source=_source(block), name=block.text("title"), cache=read_mark(block)
    )


def _result(block: Members, losses: set[Loss]) -> ToolResult:
    content = block.get("content")
    parts: list[Text | Image | Document] = []
    if isinstance(content, str):
        parts.append(Text(text=content))
    else:
        for inner in block.objects("content"):
            part = _content(inner, inner.needed("type"), losses)
            if part is not None:
                parts.append(part)
    return ToolResult(
        call_id=block.needed("tool_use_id"),
        content=tuple(parts),
        is_error=block.flag("is_error") or False,
        cache=read_mark(block),
    )
