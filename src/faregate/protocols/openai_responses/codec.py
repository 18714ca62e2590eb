"""The Responses codec: `POST /v1/responses`."""

from __future__ import annotations

from faregate.protocols.openai_responses import request
from faregate.protocols.openai_responses.errors import error_event
from faregate.protocols.openai_responses.stream import ResponsesReader
from faregate.protocols.wire_codec import WireCodec

CODEC = WireCodec(
    name=request.PROTOCOL,
    inspector=request.inspect,
    splicer=request.splice,
    reader=ResponsesReader,
    ending=error_event,
)
