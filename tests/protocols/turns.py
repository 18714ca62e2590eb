"""Requests of a conversation, and everything that is read of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from faregate.protocols import json_object
from faregate.protocols.anthropic_messages import request as messages_request
from faregate.protocols.body_memory import BODIES
from faregate.protocols.codec import BadRequestError, RequestHead
from faregate.protocols.json_object import read_again
from faregate.protocols.openai_chat import request as chat_request
from faregate.protocols.registry import messages_of
from tests.protocols.requests import codec_at

if TYPE_CHECKING:
    from faregate.protocols.known_body import KnownBody

GEMINI = "/v1beta/models/gemini-3:generateContent"
PATHS = ("/v1/chat/completions", "/v1/responses", "/v1/messages", GEMINI)
LISTS = {
    "/v1/chat/completions": "messages",
    "/v1/responses": "input",
    "/v1/messages": "messages",
    GEMINI: "contents",
}
LONG = "Reads a file, with its \u201clines\u201d. " * 160
TOOLS: dict[str, Any] = {
    "/v1/chat/completions": [
        {"type": "function", "function": {"name": "a", "description": LONG}}
    ],
    "/v1/responses": [{"type": "function", "name": "a", "description": LONG}],
    "/v1/messages": [{"name": "a", "description": LONG, "input_schema": {}}],
    GEMINI: [{"functionDeclarations": [{"name": "a", "description": LONG}]}],
}
MARK = {"cache_control": {"type": "ephemeral"}}


def forget() -> None:
    BODIES.forget()
    json_object._latest[0] = None
    for frames in (chat_request._FRAMES, messages_request._FRAMES):
        frames._known.clear()


def message(path: str, number: int, text: str, **more: Any) -> dict[str, Any]:
    """A message of either side, by turns."""
    role = "user" if number % 2 == 0 else "assistant"
    if path == GEMINI:
        role = role.replace("assistant", "model")
        return {"role": role, "parts": [{"text": text}]}
    if path == "/v1/responses":
        kind = "input_text" if role == "user" else "output_text"
        content = [{"type": kind, "text": text}]
        return {"type": "message", "role": role, "content": content}
    return {"role": role, "content": [{"type": "text", "text": text, **more}]}


def request(path: str, texts: list[str], **more: Any) -> dict[str, Any]:
    """A request in the order of members of an agent that speaks this dialect."""
    said = [message(path, *each) for each in enumerate(texts)]
    if path == "/v1/messages" and said:
        said[-1] = message(path, len(said) - 1, texts[-1], **MARK)
    model = {} if path == GEMINI else {"model": "m", "max_tokens": 99}
    if path == "/v1/responses":
        model = {"model": "m", "instructions": "Be brief."}
    return {**model, LISTS[path]: said, "tools": TOOLS[path], **more}


def compact(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def read(path: str, body: bytes) -> Any:
    """Everything that is known of a body, or why it is refused."""
    codec = codec_at(path)
    try:
        facts = codec.inspect(RequestHead(method="POST", path=path), body)
    except BadRequestError as error:
        return error.message, error.param
    found = read_again(body)
    return facts, dict(found.values), dict(found.spans), messages_of(codec.name, body)


def full(path: str, body: bytes) -> Any:
    forget()
    return read(path, body)


def after(path: str, *bodies: bytes) -> tuple[Any, KnownBody | None]:
    """The same of the last body, read after others, and by what."""
    forget()
    found = [read(path, body) for body in bodies][-1]
    return found, BODIES.of(bodies[-1])
