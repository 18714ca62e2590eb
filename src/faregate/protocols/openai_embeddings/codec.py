"""The Embeddings codec: `POST /v1/embeddings`."""

from __future__ import annotations

from faregate.protocols.chat_answers import error_event
from faregate.protocols.openai_embeddings import request
from faregate.protocols.openai_embeddings.response import EmbeddingsReader
from faregate.protocols.wire_codec import WireCodec

CODEC = WireCodec(
    name=request.PROTOCOL,
    inspector=request.inspect,
    splicer=request.splice,
    reader=EmbeddingsReader,
    ending=error_event,
)
