"""The Chat Completions codec: `POST /v1/chat/completions`."""

from __future__ import annotations

from faregate.protocols.chat_answers import ChatReader, error_event
from faregate.protocols.openai_chat import request
from faregate.protocols.wire_codec import WireCodec

CODEC = WireCodec(
    name=request.PROTOCOL,
    inspector=request.inspect,
    splicer=request.splice,
    reader=ChatReader,
    ending=error_event,
)
