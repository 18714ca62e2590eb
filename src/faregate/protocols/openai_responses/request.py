"""A Responses request: the facts that matter, and the changes allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from faregate.core.facts import Conversation, RequestFacts, SessionHints, Work
from faregate.protocols.agents import session_hints
from faregate.protocols.codec import BadRequestError
from faregate.protocols.conversation import (
    conversation_of,
    not_shown,
    rest_of,
    unread_conversation,
)
from faregate.protocols.fields import (
    ALTERNATIVES,
    asks_to_think,
    hint_text,
    json_text,
    may_compact,
    read_bound,
    read_count,
    read_flag,
    read_list,
    read_model,
    read_text,
    refuse_alternatives,
)
from faregate.protocols.json_object import JsonObject, read_again, read_object
from faregate.protocols.part_memory import (
    ANYWHERE,
    PartMemory,
    Parts,
    SeenPart,
    text_parts,
)
from faregate.protocols.parts import first_byte, raw_audio, raw_media
from faregate.protocols.tools import ClientKinds, ToolFacts, read_tools, unique

if TYPE_CHECKING:
    from faregate.protocols.codec import RequestHead, Splice

PROTOCOL = "openai_responses"
_LEFT_OUT = not_shown("model", "instructions", "input", "tools")

_OUTPUT_FIELDS = ("max_output_tokens",)
_GUARDED = frozenset(
    {
        "model",
        "input",
        "instructions",
        "stream",
        "background",
        "service_tier",
        "tools",
        "max_tool_calls",
        "context_management",
        "previous_response_id",
        "conversation",
        "prompt",
        *ALTERNATIVES,
        *_OUTPUT_FIELDS,
    }
)
_STORED_FIELDS = ("previous_response_id", "conversation", "prompt")
_CLIENT_TOOLS = ClientKinds(
    names=frozenset(
        {
            "function",
            "custom",
            "namespace",
            "local_shell",
            "shell",
            "apply_patch",
            "tool_search",
        }
    )
)
_TEXT_PARTS = frozenset(
    {
        "text",
        "input_text",
        "output_text",
        "refusal",
        "summary_text",
        "reasoning_text",
        "encrypted_content",
    }
)
_TEXT_ITEMS = frozenset(
    {
        "message",
        "function_call",
        "function_call_output",
        "custom_tool_call",
        "custom_tool_call_output",
        "local_shell_call",
        "local_shell_call_output",
        "shell_call",
        "shell_call_output",
        "apply_patch_call",
        "apply_patch_call_output",
        "reasoning",
        "web_search_call",
        "file_search_call",
        "code_interpreter_call",
        "mcp_list_tools",
        "mcp_call",
        "mcp_approval_request",
        "mcp_approval_response",
        "tool_search_call",
        "tool_search_output",
        "additional_tools",
        "configuration_update",
        "compaction",
        "compaction_summary",
        "compaction_trigger",
        "context_compaction",
    }
)


class _Item(msgspec.Struct, gc=False):
    type: str | None = None
    role: str | None = None
    content: msgspec.Raw = msgspec.Raw()
    output: msgspec.Raw = msgspec.Raw()
    tools: msgspec.Raw = msgspec.Raw()


class _Metadata(msgspec.Struct):
    session_id: str | None = None


_ITEM = msgspec.json.Decoder(_Item)
_METADATA = msgspec.json.Decoder(_Metadata)


def inspect(head: RequestHead, body: bytes) -> RequestFacts:
    """Return the facts of a request; raise BadRequestError on bad input."""
    request = read_object(body, guarded=_GUARDED)
    model = read_model(request)
    refuse_alternatives(request)
    _refuse_background(request)
    bound, field = read_bound(request, _OUTPUT_FIELDS)
    uses = read_count(request, "max_tool_calls")
    raw = request.get("input") or b"[]"
    parts = _ITEMS.of(request, "input") if raw[:1] != b'"' else text_parts([raw])
    tools = [read_tools(request.get("tools"), _CLIENT_TOOLS)]
    tools += () if parts is None else parts.tools()
    plugins = ["plugins"] if read_list(request, "plugins") else []
    named = [name for each in tools for name in each.server]
    reach = ANYWHERE if parts is None else parts.media_reach
    server_tools = unique((*named, *plugins))
    return RequestFacts(
        protocol=PROTOCOL,
        work=Work.GENERATION,
        model=model,
        stream=read_flag(request, "stream"),
        output_bound=bound,
        output_field=field,
        messages=_count(raw, parts),
        tools=sum(each.count for each in tools),
        server_tools=server_tools,
        server_tool_uses=uses if server_tools else 0,
        compacts=may_compact(request),
        media=reach > 0,
        reasoning=asks_to_think(request, "reasoning"),
        media_reach=reach,
        audio=parts is not None and parts.audio,
        stored_input=_has_stored_input(request, parts),
        service_tier=read_text(request, "service_tier"),
        body_bytes=len(body),
        hints=_hints(head, request),
        conversation=_conversation(model, request, raw, parts, tools),
    )


def _count(raw: bytes, parts: Parts | None) -> int:
    """Return how many items there are; 0 for a plain text."""
    if parts is None:
        return 1
    return 0 if raw[:1] == b'"' else len(parts.seen)


def _refuse_background(request: JsonObject) -> None:
    """Refuse work that goes on after its answer: nobody would learn what it cost."""
    if read_flag(request, "background"):
        raise BadRequestError(
            "`background` work goes on after its answer, so its cost could not be "
            "read; leave it out.",
            "background",
        )


def splice(body: bytes, changes: Splice) -> bytes:
    """Return the body with only the allowed changes made."""
    request = read_again(body)
    values: dict[str, bytes] = {}
    if changes.model is not None:
        values["model"] = json_text(changes.model)
    if changes.output_bound is not None:
        field = changes.output_field or "max_output_tokens"
        values[field] = str(changes.output_bound).encode()
    return request.replaced(values)


def _read_item(piece: bytes) -> SeenPart:
    item = _ITEM.decode(piece)
    declares = item.type == "additional_tools" and item.tools
    return SeenPart(
        user=item.role == "user",
        media=_is_media(item),
        audio=raw_audio(item.content),
        stored=item.type == "item_reference",
        tools=read_tools(bytes(item.tools), _CLIENT_TOOLS) if declares else None,
    )


_ITEMS = PartMemory(_read_item)


def _is_media(item: _Item) -> bool:
    if item.type is not None and item.type not in _TEXT_ITEMS:
        return True
    return raw_media(item.content, _TEXT_PARTS) or (
        # The output of a tool search is an object, and text.
        first_byte(item.output) == 0x5B and raw_media(item.output, _TEXT_PARTS)
    )


def _has_stored_input(request: JsonObject, parts: Parts | None) -> bool:
    if any(request.get(key) is not None for key in _STORED_FIELDS):
        return True
    return parts is not None and parts.stored


def _hints(head: RequestHead, request: JsonObject) -> SessionHints:
    session = None
    metadata = request.get("client_metadata")
    if metadata is not None:
        try:
            session = _METADATA.decode(metadata).session_id
        except msgspec.DecodeError:
            session = None
    return session_hints(
        head.headers, session or hint_text(request, "prompt_cache_key")
    )


def _conversation(
    model: str,
    request: JsonObject,
    raw: bytes,
    parts: Parts | None,
    tools: list[ToolFacts],
) -> Conversation:
    rest = rest_of(request, _LEFT_OUT)
    fixed = (hash(model), rest, *[each.digest for each in tools])
    if parts is None:
        return unread_conversation(fixed, raw)
    return conversation_of(fixed, request.get("instructions") or b"", parts)
