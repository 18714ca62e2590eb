"""An Embeddings request: the facts that matter, and the changes allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.facts import RequestFacts, Work
from faregate.protocols.agents import session_hints
from faregate.protocols.fields import json_text, list_elements, read_model
from faregate.protocols.json_object import read_again, read_object

if TYPE_CHECKING:
    from faregate.protocols.codec import RequestHead, Splice

PROTOCOL = "openai_embeddings"

_GUARDED = frozenset({"model", "input"})


def inspect(head: RequestHead, body: bytes) -> RequestFacts:
    """Return the facts of a request; raise BadRequestError on bad input."""
    request = read_object(body, guarded=_GUARDED)
    raw = request.get("input") or b'""'
    elements = list_elements(raw, "input") if raw.startswith(b"[") else [raw]
    return RequestFacts(
        protocol=PROTOCOL,
        work=Work.EMBEDDING,
        model=read_model(request),
        messages=len(elements),
        media=any(bytes(element)[:1] == b"{" for element in elements),
        server_tool_uses=0,
        body_bytes=len(body),
        hints=session_hints(head.headers),
    )


def splice(body: bytes, changes: Splice) -> bytes:
    """Return the body with the model replaced; there is no output to bound."""
    if changes.model is None:
        return body
    request = read_again(body)
    return request.replaced({"model": json_text(changes.model)})
