"""Reads Embeddings answers, which are never streamed."""

from __future__ import annotations

import msgspec

from faregate.protocols.chat_usage import read_chat_usage
from faregate.protocols.metering import Reader


class _Body(msgspec.Struct, gc=False):
    model: str | None = None
    usage: msgspec.Raw = msgspec.Raw()
    data: msgspec.Raw = msgspec.Raw()


_BODY = msgspec.json.Decoder(_Body)


class EmbeddingsReader(Reader):
    """Reads the body of one answer."""

    __slots__ = ("_flags",)

    def __init__(self, flags: frozenset[str]) -> None:
        super().__init__()
        self._flags = flags

    def event(self, data: bytes) -> bool:
        """Read a body that came as an event or inside a list."""
        self.body(data)
        return False

    def body(self, data: bytes) -> None:
        """Read a complete answer."""
        tally = self.tally
        try:
            body = _BODY.decode(data)
        except (msgspec.DecodeError, RecursionError):
            return
        tally.model = body.model or tally.model
        tally.reported(read_chat_usage(body.usage, self._flags, generates=False))
        if not body.data and tally.usage is None:
            tally.failed(data)
        if tally.error is None:
            tally.complete = tally.final = True
