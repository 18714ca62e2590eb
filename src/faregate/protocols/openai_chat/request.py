"""A Chat Completions request: the facts that matter, and the changes allowed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from faregate.core.facts import RequestFacts, Work
from faregate.core.values import dataclass
from faregate.protocols.agents import session_hints
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
    hint_text,
    json_text,
    read_bound,
    read_count,
    read_flag,
    read_list,
    read_model,
    read_text,
    refuse_alternatives,
)
from faregate.protocols.frames import Frames
from faregate.protocols.json_object import (
    JsonObject,
    read_again,
    read_member,
    read_object,
)
from faregate.protocols.part_memory import ANYWHERE, PartMemory, Parts, SeenPart
from faregate.protocols.parts import read_message
from faregate.protocols.tools import ClientKinds, ToolFacts, read_tools, unique

if TYPE_CHECKING:
    from faregate.core.pricing import CacheWrite
    from faregate.protocols.codec import RequestHead, Splice

PROTOCOL = "openai_chat"
_LEFT_OUT = not_shown("model", "messages", "tools")
_GENERATION = Work.GENERATION

OUTPUT_FIELDS = ("max_completion_tokens", "max_tokens")
_GUARDED = frozenset(
    {
        "model",
        "messages",
        "stream",
        "stream_options",
        "n",
        "service_tier",
        "tools",
        "functions",
        "prediction",
        *ALTERNATIVES,
        *OUTPUT_FIELDS,
    }
)
_CLIENT_TOOLS = ClientKinds(names=frozenset({"function", "custom", "namespace"}))
_TEXT_PARTS = frozenset(
    {"text", "refusal", "thinking", "reasoning", "tool_result", "tool_use"}
)
# Fields that make the provider search, whatever they are set to.
_SEARCH_FIELDS = ("web_search_options", "search_parameters")
_SEARCH_SUFFIX = ":online"
_FILE_ID = b'"fileid://'
_RARE = frozenset(
    {
        *ALTERNATIVES,
        *_SEARCH_FIELDS,
        "conversation",
        "enable_search",
        "functions",
        "modalities",
        "n",
        "plugins",
        "prediction",
        "service_tier",
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
        written, said = parts.cache_write, conversation_of(frame.fixed, b"", parts)
    # No more than fifteen: with more of them, Python makes a dictionary first.
    facts = RequestFacts(
        protocol=PROTOCOL,
        work=_GENERATION,
        model=frame.model,
        stream=frame.stream,
        wants_usage=frame.wants_usage,
        output_bound=frame.bound,
        output_field=frame.field,
        messages=0 if parts is None else len(parts.seen),
        tools=frame.tools.count,
        server_tool_uses=0,
        reasoning=frame.reasoning,
        cache_write=dearest_write(written, frame.cache_write),
        body_bytes=len(body),
        hints=session_hints(head.headers, frame.session),
        conversation=said,
    )
    if parts is None or parts.unbounded or frame.rare:
        return _in_full(facts, request, parts, frame.tools)
    return facts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """What a request says beside its messages."""

    model: str
    stream: bool
    wants_usage: bool
    bound: int | None
    field: str | None
    tools: ToolFacts
    reasoning: bool
    cache_write: CacheWrite
    session: str | None
    fixed: tuple[int, ...]
    rare: bool
    """It says something that few requests do."""


def _read_frame(request: JsonObject) -> _Frame:
    model = read_model(request)
    stream = read_flag(request, "stream")
    bound, field = read_bound(request, OUTPUT_FIELDS)
    tools = read_tools(request.get("tools"), _CLIENT_TOOLS)
    searches = bool(tools.server) or model.endswith(_SEARCH_SUFFIX)
    return _Frame(
        model=model,
        stream=stream,
        wants_usage=not stream or _asks_for_usage(request),
        bound=bound,
        field=field,
        tools=tools,
        reasoning=asks_to_think(request, "reasoning_effort", "reasoning", "thinking"),
        cache_write=dearest_write(tools.cache_write, asked_write(request)),
        session=hint_text(request, "session_id")
        or hint_text(request, "prompt_cache_key"),
        fixed=(hash(model), tools.digest, rest_of(request, _LEFT_OUT)),
        rare=searches or not _RARE.isdisjoint(request.lesser),
    )


_FRAMES = Frames(_read_frame, "messages")


def _in_full(
    facts: RequestFacts, request: JsonObject, parts: Parts | None, tools: ToolFacts
) -> RequestFacts:
    """Return the facts with those that few requests have."""
    refuse_alternatives(request)
    server_tools = unique((*tools.server, *_search_tools(request, facts.model)))
    reach = ANYWHERE if parts is None else parts.media_reach
    return replace(
        facts,
        choices=read_count(request, "n") or 1,
        tools=tools.count + len(read_list(request, "functions")),
        server_tools=server_tools,
        server_tool_uses=None if server_tools else 0,
        media=reach > 0,
        media_reach=reach,
        audio=_speaks(request) or (parts is not None and parts.audio),
        predicted=_predicted(request),
        stored_input=request.get("conversation") is not None
        or (
            _names_files(request.get("messages") or b"")
            if parts is None
            else parts.stored
        ),
        service_tier=read_text(request, "service_tier"),
    )


def _read_message(piece: bytes) -> SeenPart:
    message = read_message(piece, _TEXT_PARTS)
    return replace(message, stored=True) if _names_files(piece) else message


_MESSAGES = PartMemory(_read_message)


def _speaks(request: JsonObject) -> bool:
    """Tell whether the answer is to be spoken."""
    modalities = read_list(request, "modalities")
    return any(bytes(each) != b'"text"' for each in modalities)


def _predicted(request: JsonObject) -> int:
    """Return the bytes of the answer that the caller predicts."""
    raw = request.get("prediction")
    return 0 if raw is None or raw == b"null" else len(raw)


def _names_files(messages: bytes) -> bool:
    """Tell whether a text begins with the id of a stored file, as DashScope reads it.

    A quotation mark behind a backslash opens no text: that is somebody's quotation.
    """
    at = messages.find(_FILE_ID)
    while at >= 0:
        if messages[at - 1 : at] != b"\\":
            return True
        at = messages.find(_FILE_ID, at + 1)
    return False


def _asks_for_usage(request: JsonObject) -> bool:
    options = read_member(request, "stream_options", guarded=["include_usage"])
    return read_flag(options, "include_usage", "stream_options.include_usage")


def _search_tools(request: JsonObject, model: str) -> list[str]:
    found = ["web_search" for key in _SEARCH_FIELDS if request.get(key) is not None]
    if read_flag(request, "enable_search") or model.endswith(_SEARCH_SUFFIX):
        found.append("web_search")
    if read_list(request, "plugins"):
        found.append("plugins")
    return found


def splice(body: bytes, changes: Splice) -> bytes:
    """Return the body with only the allowed changes made."""
    request = read_again(body)
    values: dict[str, bytes] = {}
    renames: dict[str, str] = {}
    if changes.model is not None:
        values["model"] = json_text(changes.model)
    if changes.output_bound is not None:
        values, renames = _with_bound(
            request, values, changes.output_field, changes.output_bound
        )
    if changes.include_usage:
        options = read_member(request, "stream_options", guarded=())
        values["stream_options"] = options.replaced({"include_usage": b"true"})
    return request.replaced(values, renames)


def _with_bound(
    request: JsonObject, values: dict[str, bytes], field: str | None, bound: int
) -> tuple[dict[str, bytes], dict[str, str]]:
    """Set the output bound in `field` and leave no other spelling that disagrees."""
    value = str(bound).encode()
    present = [key for key in OUTPUT_FIELDS if key in request]
    if field is None:
        field = present[0] if present else OUTPUT_FIELDS[-1]
    others = [key for key in present if key != field]
    if field in request or not others:
        return {**values, field: value, **dict.fromkeys(others, value)}, {}
    return {**values, others[0]: value}, {others[0]: field}
