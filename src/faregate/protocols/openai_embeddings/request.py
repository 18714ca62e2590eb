"""An Embeddings request: the facts that matter, and the changes allowed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from faregate.core.facts import RequestFacts, Work
from faregate.protocols.agents import session_hints
from faregate.protocols.fields import json_text, list_elements, read_model
from faregate.protocols.json_object import read_again, read_object

if TYPE_CHECKING:
    from faregate.protocols.codec import RequestHead, Splice

PROTOCOL = "openai_embeddings"

_NUMBERS = re.compile(rb"\[\s*[0-9]")
_GUARDED = frozenset({"model", "input"})


def inspect(head: RequestHead, body: bytes) -> RequestFacts:
    """Return the facts of a request; raise BadRequestError on bad input."""
    request = read_object(body, guarded=_GUARDED)
    raw = request.get("input") or b'""'
    inputs = _inputs(raw)
    return RequestFacts(
        protocol=PROTOCOL,
        work=Work.EMBEDDING,
        model=read_model(request),
        messages=len(inputs),
        inputs=len(inputs),
        media=any(each.startswith(b"{") for each in inputs),
        server_tool_uses=0,
        body_bytes=len(body),
        hints=session_hints(head.headers),
    )


def _inputs(raw: bytes) -> list[bytes]:
    """Return each input: one text, one list of token numbers, or a list of those."""
    if not raw.startswith(b"[") or _NUMBERS.match(raw):
        return [raw]
    return [bytes(element) for element in list_elements(raw, "input")]


def splice(body: bytes, changes: Splice) -> bytes:
    """Return the body with the model replaced; there is no output to bound."""
    if changes.model is None:
        return body
    request = read_again(body)
    return request.replaced({"model": json_text(changes.model)})
