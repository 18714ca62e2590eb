"""A generateContent request: the facts that matter, and the changes allowed."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from faregate.core.facts import Conversation, RequestFacts, Work
from faregate.protocols.agents import session_hints
from faregate.protocols.cache_markers import digest_of
from faregate.protocols.codec import BadRequestError
from faregate.protocols.conversation import (
    conversation_of,
    not_shown,
    rest_of,
    unread_conversation,
)
from faregate.protocols.fields import (
    asks_to_think,
    checked_model,
    list_elements,
    read_bound,
    read_list,
    read_text,
)
from faregate.protocols.gemini.contents import read_content
from faregate.protocols.gemini.paths import STREAMING, Endpoint, read_path
from faregate.protocols.json_object import (
    JsonObject,
    read_again,
    read_member,
    read_object,
)
from faregate.protocols.part_memory import ANYWHERE, PartMemory, Parts
from faregate.protocols.tools import (
    LARGEST_REMEMBERED,
    NO_TOOLS,
    ToolFacts,
    unique,
)

if TYPE_CHECKING:
    from faregate.protocols.codec import RequestHead, Splice

# A codec's id is the name of its package.
PROTOCOL = __name__.split(".")[2]

# Each field may be written in two ways; the first is the documented one.
_CONFIG = ("generationConfig", "generation_config")
_SYSTEM = ("systemInstruction", "system_instruction")
_CACHED = ("cachedContent", "cached_content")
_TIER = ("serviceTier", "service_tier")
_BOUND = ("maxOutputTokens", "max_output_tokens")
_CHOICES = ("candidateCount", "candidate_count")
_FUNCTIONS = ("functionDeclarations", "function_declarations")
_GUARDED = frozenset(
    {"contents", "tools", *_CONFIG, *_SYSTEM, *_CACHED, *_TIER},
)
_LEFT_OUT = not_shown(*_SYSTEM, "contents", "tools")
_CLIENT_TOOLS = frozenset({*_FUNCTIONS, "computerUse", "computer_use"})

_TOOLS = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_CONTENTS = PartMemory(read_content)


def inspect(head: RequestHead, body: bytes) -> RequestFacts:
    """Return the facts of a request; raise BadRequestError on bad input."""
    endpoint = read_path(head.path)
    if endpoint is None:
        raise BadRequestError("The path names no model and method.", "model")
    model = checked_model(endpoint.model)
    request = read_object(body, guarded=_GUARDED)
    if endpoint.work is Work.TOKEN_COUNT:
        return _count_facts(head, body, model)
    config = _config(request)
    bound, field = read_bound(config, _BOUND, "generationConfig.")
    choices, _ = read_bound(config, _CHOICES, "generationConfig.")
    tools = _tools(request)
    raw = request.get("contents") or b"[]"
    parts = _CONTENTS.of(request, "contents")
    reach = ANYWHERE if parts is None else parts.media_reach
    return RequestFacts(
        protocol=PROTOCOL,
        work=endpoint.work,
        model=model,
        stream=endpoint.verb == STREAMING,
        output_bound=bound,
        output_field=field,
        choices=choices or 1,
        messages=0 if parts is None else len(parts.seen),
        tools=tools.count,
        server_tools=tools.server,
        server_tool_uses=tools.uses,
        media=reach > 0,
        media_reach=reach,
        reasoning=asks_to_think(config, "thinkingConfig", "thinking_config"),
        audio=_speaks(config) or (parts is not None and parts.audio),
        stored_input=_either(request, _CACHED) is not None,
        service_tier=_service_tier(request),
        body_bytes=len(body),
        hints=session_hints(head.headers),
        conversation=_conversation(endpoint, request, raw, parts, tools),
    )


def splice(body: bytes, changes: Splice) -> bytes:
    """Return the body with its output bound replaced; the model is in the path."""
    if changes.output_bound is None:
        return body
    request = read_again(body)
    key = next((name for name in _CONFIG if request.get(name) is not None), _CONFIG[0])
    config = read_member(request, key, guarded=())
    present = [name for name in _BOUND if name in config]
    value = str(changes.output_bound).encode()
    names = present or [changes.output_field or _BOUND[0]]
    return request.replaced({key: config.replaced(dict.fromkeys(names, value))})


def _count_facts(head: RequestHead, body: bytes, model: str) -> RequestFacts:
    return RequestFacts(
        protocol=PROTOCOL,
        work=Work.TOKEN_COUNT,
        model=model,
        server_tool_uses=0,
        body_bytes=len(body),
        hints=session_hints(head.headers),
    )


def _either(request: JsonObject, names: tuple[str, str]) -> bytes | None:
    """Return a field by either of its names; refuse a body that holds both."""
    first, second = (request.get(name) for name in names)
    if first is not None and second is not None:
        raise BadRequestError(f"`{names[0]}` is given more than once.", names[0])
    return first if first is not None else second


def _config(request: JsonObject) -> JsonObject:
    _either(request, _CONFIG)
    key = _CONFIG[0] if request.get(_CONFIG[0]) is not None else _CONFIG[1]
    return read_member(request, key, guarded=[*_BOUND, *_CHOICES])


def _speaks(config: JsonObject) -> bool:
    """Tell whether the answer is to be spoken."""
    names = ("responseModalities", "response_modalities")
    asked = [each for name in names for each in read_list(config, name)]
    return any(b"audio" in bytes(each).lower() for each in asked)


def _service_tier(request: JsonObject) -> str | None:
    _either(request, _TIER)
    tier = read_text(request, _TIER[0]) or read_text(request, _TIER[1])
    return None if tier is None else tier.lower()


def _tools(request: JsonObject) -> ToolFacts:
    raw = request.get("tools")
    if raw is None:
        return NO_TOOLS
    return _read_tools(raw) if len(raw) > LARGEST_REMEMBERED else _remembered(raw)


@lru_cache(maxsize=64)
def _remembered(raw: bytes) -> ToolFacts:
    return _read_tools(raw)


def _read_tools(raw: bytes) -> ToolFacts:
    try:
        tools = _TOOLS.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        raise BadRequestError("`tools` must be a list of objects.", "tools") from None
    count = 0
    server: list[str] = []
    for tool in tools:
        for kind, value in tool.items():
            if kind in _FUNCTIONS:
                count += len(list_elements(bytes(value), "tools"))
            elif kind not in _CLIENT_TOOLS and bytes(value) != b"null":
                count += 1
                server.append(_snake(kind))
    return ToolFacts(
        count=count,
        server=unique(server),
        uses=None if server else 0,
        digest=digest_of(raw),
    )


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def _conversation(
    endpoint: Endpoint,
    request: JsonObject,
    raw: bytes,
    parts: Parts | None,
    tools: ToolFacts,
) -> Conversation:
    system = _either(request, _SYSTEM) or b""
    rest = rest_of(request, _LEFT_OUT)
    fixed = (hash(endpoint.model), tools.digest, rest)
    if parts is None:
        return unread_conversation(fixed, raw)
    return conversation_of(fixed, system, parts)
