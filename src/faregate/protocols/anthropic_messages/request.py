"""A Messages request: the facts that matter, and the changes allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from faregate.core.facts import Conversation, RequestFacts, SessionHints, Work
from faregate.protocols.agents import session_hints, session_in_user_id
from faregate.protocols.conversation import (
    cache_write_of,
    conversation_of,
    dearest_write,
    rest_of,
    unread_conversation,
)
from faregate.protocols.fields import (
    ALTERNATIVES,
    asks_to_think,
    json_text,
    list_elements,
    may_compact,
    read_bound,
    read_flag,
    read_list,
    read_model,
    read_text,
    refuse_alternatives,
)
from faregate.protocols.json_object import JsonObject, read_again, read_object
from faregate.protocols.parts import (
    Message,
    decode_messages,
    first_user,
    media_reach,
)
from faregate.protocols.tools import ClientKinds, ToolFacts, read_tools, unique

if TYPE_CHECKING:
    from faregate.core.pricing import CacheWrite
    from faregate.protocols.codec import RequestHead, Splice

PROTOCOL = "anthropic_messages"
COUNT_PATH = "/v1/messages/count_tokens"

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


def inspect(head: RequestHead, body: bytes) -> RequestFacts:
    """Return the facts of a request; raise BadRequestError on bad input."""
    request = read_object(body, guarded=_GUARDED)
    counts_only = head.path == COUNT_PATH
    model = read_model(request)
    refuse_alternatives(request)
    bound, field = read_bound(request, _OUTPUT_FIELDS)
    tools = read_tools(request.get("tools"), _CLIENT_TOOLS)
    server_tools = tools.server
    if read_list(request, "mcp_servers"):
        server_tools = unique((*server_tools, "mcp"))
    if read_list(request, "plugins"):
        server_tools = unique((*server_tools, "plugins"))
    raw = request.get("messages") or b"[]"
    system = request.get("system") or b""
    messages = decode_messages(raw)
    reach = media_reach(messages, _TEXT_PARTS, raw)
    return RequestFacts(
        protocol=PROTOCOL,
        work=Work.TOKEN_COUNT if counts_only else Work.GENERATION,
        model=model,
        stream=read_flag(request, "stream") and not counts_only,
        output_bound=None if counts_only else bound,
        output_field=None if counts_only else field,
        messages=0 if messages is None else len(messages),
        tools=tools.count,
        server_tools=server_tools,
        server_tool_uses=tools.uses if server_tools == tools.server else None,
        compacts=may_compact(request),
        media=reach > 0,
        media_reach=reach,
        reasoning=asks_to_think(request, "thinking", "output_config"),
        stored_input=request.get("container") is not None,
        cache_write=_cache_write(request, (raw, system), tools),
        service_tier=_service_tier(request),
        region=read_text(request, "inference_geo"),
        body_bytes=len(body),
        hints=_hints(head, request),
        conversation=_conversation(model, request, raw, messages, tools),
    )


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


def _cache_write(
    request: JsonObject, pieces: tuple[bytes, ...], tools: ToolFacts
) -> CacheWrite:
    whole = request.get("cache_control")
    marked = list(pieces)
    if whole is not None:
        marked.append(b'"cache_control":' + whole)
    return dearest_write(cache_write_of(marked), tools.cache_write)


def _hints(head: RequestHead, request: JsonObject) -> SessionHints:
    session = None
    metadata = request.get("metadata")
    if metadata is not None:
        try:
            session = session_in_user_id(_METADATA.decode(metadata).user_id)
        except msgspec.DecodeError:
            session = None
    return session_hints(head.headers, session)


def _conversation(
    model: str,
    request: JsonObject,
    raw: bytes,
    messages: list[Message] | None,
    tools: ToolFacts,
) -> Conversation:
    system = request.get("system") or b""
    rest = rest_of(request, "model", "system", "messages", "tools")
    fixed: list[bytes | int] = [model.encode(), tools.digest, rest]
    if messages is None:
        return unread_conversation(fixed, raw)
    parts = list_elements(raw, "messages")
    return conversation_of(fixed, system, parts, first_user(messages))
