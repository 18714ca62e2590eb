"""A legacy Completions request: the facts that matter, and the changes allowed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from faregate.core.facts import RequestFacts, Work
from faregate.protocols.agents import session_hints
from faregate.protocols.conversation import conversation_of, not_shown, rest_of
from faregate.protocols.fields import (
    ALTERNATIVES,
    json_text,
    list_elements,
    read_bound,
    read_count,
    read_flag,
    read_model,
    read_text,
    refuse_alternatives,
)
from faregate.protocols.json_object import (
    JsonObject,
    read_again,
    read_member,
    read_object,
)
from faregate.protocols.part_memory import text_parts

if TYPE_CHECKING:
    from faregate.protocols.codec import RequestHead, Splice

PROTOCOL = "openai_completions"
_LEFT_OUT = not_shown("model", "prompt")

_OUTPUT_FIELDS = ("max_tokens",)
_NUMBERS = re.compile(rb"\[\s*[0-9]")
_GUARDED = frozenset(
    {
        "model",
        "prompt",
        "stream",
        "stream_options",
        "n",
        "best_of",
        "service_tier",
        *ALTERNATIVES,
        *_OUTPUT_FIELDS,
    }
)


def inspect(head: RequestHead, body: bytes) -> RequestFacts:
    """Return the facts of a request; raise BadRequestError on bad input."""
    request = read_object(body, guarded=_GUARDED)
    model = read_model(request)
    refuse_alternatives(request)
    stream = read_flag(request, "stream")
    bound, field = read_bound(request, _OUTPUT_FIELDS)
    prompts = _prompts(request)
    return RequestFacts(
        protocol=PROTOCOL,
        work=Work.GENERATION,
        model=model,
        stream=stream,
        wants_usage=not stream or _asks_for_usage(request),
        output_bound=bound,
        output_field=field,
        choices=_choices(request) * len(prompts),
        messages=len(prompts),
        inputs=len(prompts),
        server_tool_uses=0,
        service_tier=read_text(request, "service_tier"),
        body_bytes=len(body),
        hints=session_hints(head.headers),
        conversation=conversation_of(
            (hash(model), rest_of(request, _LEFT_OUT)),
            b"",
            text_parts(prompts),
        ),
    )


def splice(body: bytes, changes: Splice) -> bytes:
    """Return the body with only the allowed changes made."""
    request = read_again(body)
    values: dict[str, bytes] = {}
    if changes.model is not None:
        values["model"] = json_text(changes.model)
    if changes.output_bound is not None:
        # The only name that this endpoint knows, whatever the provider's chat wants.
        values["max_tokens"] = str(changes.output_bound).encode()
    if changes.include_usage:
        options = read_member(request, "stream_options", guarded=())
        values["stream_options"] = options.replaced({"include_usage": b"true"})
    return request.replaced(values)


def _choices(request: JsonObject) -> int:
    """Return how many answers are billed for one prompt, sent back or not."""
    return max(read_count(request, "n") or 1, read_count(request, "best_of") or 1)


def _prompts(request: JsonObject) -> list[bytes]:
    """Return each prompt: one text, one list of token numbers, or a list of those."""
    raw = request.get("prompt")
    if raw is None or not raw.startswith(b"[") or _NUMBERS.match(raw):
        return [raw or b'""']
    return [bytes(each) for each in list_elements(raw, "prompt")] or [raw]


def _asks_for_usage(request: JsonObject) -> bool:
    options = read_member(request, "stream_options", guarded=["include_usage"])
    return read_flag(options, "include_usage", "stream_options.include_usage")
