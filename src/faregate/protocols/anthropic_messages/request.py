"""A Messages request: the facts that matter, and the changes allowed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from faregate.core.facts import RequestFacts, Work
from faregate.core.values import dataclass
from faregate.protocols.agents import session_hints, session_in_user_id
from faregate.protocols.cache_markers import asked_write, cache_write_of, dearest_write
from faregate.protocols.conversation import (
    conversation_of,
    not_shown,
    rest_of,
    unread_conversation,
)
from faregate.protocols.fields import (
    ALTERNATIVES,
    asks_to_think,
    json_text,
    may_compact,
    read_bound,
    read_flag,
    read_list,
    read_model,
    read_text,
    refuse_alternatives,
)
from faregate.protocols.frames import Frames
from faregate.protocols.json_object import JsonObject, read_again, read_object
from faregate.protocols.part_memory import (
    ANYWHERE,
    PartMemory,
    Parts,
    SeenPart,
    text_part,
)
from faregate.protocols.parts import read_message
from faregate.protocols.tools import ClientKinds, ToolFacts, read_tools, unique

if TYPE_CHECKING:
    from faregate.core.pricing import CacheWrite
    from faregate.protocols.codec import RequestHead, Splice

PROTOCOL = "anthropic_messages"
_LEFT_OUT = not_shown("model", "system", "messages", "tools")
COUNT_PATH = "/v1/messages/count_tokens"
_GENERATION = Work.GENERATION

_OUTPUT_FIELDS = ("max_tokens",)
_GUARDED = frozenset(
    {
        "model",
        "messages",
        "system",
        "stream",
        "service_tier",
        "speed",
        "inference_geo",
        "tools",
        "mcp_servers",
        "container",
        "cache_control",
        "context_management",
        *ALTERNATIVES,
        *_OUTPUT_FIELDS,
    }
)
# Tool search picks among tools that are in the body already, and is not billed.
_CLIENT_TOOLS = ClientKinds(
    names=frozenset({"custom", "function"}),
    prefixes=("bash_", "text_editor_", "computer_", "memory_", "tool_search_tool"),
)
_TEXT_PARTS = frozenset(
    {
        "text",
        "thinking",
        "redacted_thinking",
        "tool_use",
        "tool_result",
        "tool_reference",
        "server_tool_use",
        "search_result",
        "web_search_tool_result",
        "web_search_result",
        "web_search_tool_result_error",
        "tool_search_tool_result",
        "code_execution_tool_result",
        "code_execution_result",
        "encrypted_code_execution_result",
        "code_execution_tool_result_error",
        "code_execution_output",
        "bash_code_execution_tool_result",
        "bash_code_execution_result",
        "bash_code_execution_tool_result_error",
        "bash_code_execution_output",
        "text_editor_code_execution_tool_result",
        "text_editor_code_execution_view_result",
        "text_editor_code_execution_create_result",
        "text_editor_code_execution_str_replace_result",
        "text_editor_code_execution_tool_result_error",
        "mcp_tool_use",
        "mcp_tool_result",
        "compaction",
    }
)


class _Metadata(msgspec.Struct):
    user_id: str | None = None


_METADATA = msgspec.json.Decoder(_Metadata)


_RARE = frozenset(
    {
        *ALTERNATIVES,
        "container",
        "inference_geo",
        "mcp_servers",
        "plugins",
        "service_tier",
        "speed",
    }
)
"""Fields that few requests have; `_in_full` reads them."""


def inspect(head: RequestHead, body: bytes) -> RequestFacts:
    """Return the facts of a request; raise BadRequestError on bad input."""
    request = read_object(body, guarded=_GUARDED)
    frame = _FRAMES.of(request)
    parts = _MESSAGES.of(request, "messages")
    if parts is None:
        raw = request.get("messages") or b"[]"
        written, said = cache_write_of([raw]), unread_conversation(frame.fixed, raw)
    else:
        system = request.get("system") or b""
        written, said = parts.cache_write, conversation_of(frame.fixed, system, parts)
    # No more than fifteen: with more of them, Python makes a dictionary first.
    facts = RequestFacts(
        protocol=PROTOCOL,
        work=_GENERATION,
        model=frame.model,
        stream=frame.stream,
        output_bound=frame.bound,
        output_field=frame.field,
        messages=0 if parts is None else len(parts.seen),
        tools=frame.tools.count,
        server_tool_uses=frame.tools.uses,
        compacts=frame.compacts,
        reasoning=frame.reasoning,
        cache_write=dearest_write(written, frame.cache_write),
        body_bytes=len(body),
        hints=session_hints(head.headers, frame.session),
        conversation=said,
    )
    if parts is None or parts.unbounded or frame.rare or head.path == COUNT_PATH:
        return _in_full(facts, head, request, parts, frame.tools)
    return facts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """What a request says beside its messages."""

    model: str
    stream: bool
    bound: int | None
    field: str | None
    tools: ToolFacts
    compacts: bool
    reasoning: bool
    cache_write: CacheWrite
    session: str | None
    fixed: tuple[int, ...]
    rare: bool
    """It says something that few requests do."""


def _read_frame(request: JsonObject) -> _Frame:
    model = read_model(request)
    bound, field = read_bound(request, _OUTPUT_FIELDS)
    tools = read_tools(request.get("tools"), _CLIENT_TOOLS)
    return _Frame(
        model=model,
        stream=read_flag(request, "stream"),
        bound=bound,
        field=field,
        tools=tools,
        compacts=may_compact(request),
        reasoning=asks_to_think(request, "thinking", "output_config"),
        cache_write=_cache_write(request, tools),
        session=_session(request),
        fixed=(hash(model), tools.digest, rest_of(request, _LEFT_OUT)),
        rare=bool(tools.server) or not _RARE.isdisjoint(request.lesser),
    )


_FRAMES = Frames(_read_frame, "messages")


def _in_full(
    facts: RequestFacts,
    head: RequestHead,
    request: JsonObject,
    parts: Parts | None,
    tools: ToolFacts,
) -> RequestFacts:
    """Return the facts with those that few requests have."""
    refuse_alternatives(request)
    more = [name for name in ("mcp_servers", "plugins") if read_list(request, name)]
    named = [name.removesuffix("_servers") for name in more]
    reach = ANYWHERE if parts is None else parts.media_reach
    facts = replace(
        facts,
        server_tools=unique((*tools.server, *named)),
        server_tool_uses=None if named else tools.uses,
        media=reach > 0,
        media_reach=reach,
        stored_input=request.get("container") is not None,
        service_tier=_service_tier(request),
        region=read_text(request, "inference_geo"),
    )
    if head.path != COUNT_PATH:
        return facts
    return replace(
        facts,
        work=Work.TOKEN_COUNT,
        stream=False,
        output_bound=None,
        output_field=None,
    )


def _read_message(piece: bytes) -> SeenPart:
    return read_message(piece, _TEXT_PARTS)


_MESSAGES = PartMemory(_read_message)


def splice(body: bytes, changes: Splice) -> bytes:
    """Return the body with only the allowed changes made."""
    request = read_again(body)
    values: dict[str, bytes] = {}
    if changes.model is not None:
        values["model"] = json_text(changes.model)
    if changes.output_bound is not None:
        values[changes.output_field or "max_tokens"] = str(
            changes.output_bound
        ).encode()
    return request.replaced(values)


def _service_tier(request: JsonObject) -> str | None:
    """Return what the request pays extra for; a raised speed is dearer than a tier."""
    speed = read_text(request, "speed")
    tier = read_text(request, "service_tier")
    return tier if speed in {None, "standard"} else speed


def _cache_write(request: JsonObject, tools: ToolFacts) -> CacheWrite:
    """Return the dearest cache write that markers beside the messages can cause."""
    system = text_part(request.get("system") or b"").cache_write
    return dearest_write(dearest_write(system, tools.cache_write), asked_write(request))


def _session(request: JsonObject) -> str | None:
    metadata = request.get("metadata")
    if metadata is None:
        return None
    try:
        return session_in_user_id(_METADATA.decode(metadata).user_id)
    except msgspec.DecodeError:
        return None
