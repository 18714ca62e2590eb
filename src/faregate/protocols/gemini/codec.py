"""The generateContent codec: its three methods under `/v1` and `/v1beta`."""

from __future__ import annotations

from faregate.protocols.gemini import request
from faregate.protocols.gemini.errors import error_event, refusal_body
from faregate.protocols.gemini.stream import GenerateContentReader
from faregate.protocols.wire_codec import WireCodec

CODEC = WireCodec(
    name=request.PROTOCOL,
    inspector=request.inspect,
    splicer=request.splice,
    reader=GenerateContentReader,
    ending=error_event,
    body=refusal_body,
)
