"""The Messages codec: `POST /v1/messages` and `/v1/messages/count_tokens`."""

from __future__ import annotations

from faregate.protocols.anthropic_messages import request
from faregate.protocols.anthropic_messages.errors import error_event
from faregate.protocols.anthropic_messages.stream import MessagesReader
from faregate.protocols.wire_codec import WireCodec

CODEC = WireCodec(
    name=request.PROTOCOL,
    inspector=request.inspect,
    splicer=request.splice,
    reader=MessagesReader,
    ending=error_event,
)
