"""The dialects that are translated, each with its two readers and two writers.

Each is loaded when it is first asked for: most gates translate nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from faregate.protocols.anthropic_messages.request import PROTOCOL as MESSAGES
from faregate.protocols.dialects import Dialect
from faregate.protocols.gemini.request import PROTOCOL as GENERATE_CONTENT
from faregate.protocols.openai_chat.request import PROTOCOL as CHAT
from faregate.protocols.openai_responses.request import PROTOCOL as RESPONSES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class _Dialects(Mapping[str, Dialect]):
    """Dialects by name; to ask for one takes some milliseconds the first time."""

    def __init__(self, loaders: Mapping[str, Callable[[], Dialect]]) -> None:
        self._loaders = loaders
        self._loaded: dict[str, Dialect] = {}

    def __getitem__(self, name: str) -> Dialect:
        found = self._loaded.get(name)
        if found is None:
            found = self._loaded[name] = self._loaders[name]()
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._loaders

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaders)

    def __len__(self) -> int:
        return len(self._loaders)


def _chat() -> Dialect:
    from faregate.protocols.openai_chat import (
        decode_answer,
        decode_request,
        encode_answer,
        encode_request,
    )

    return Dialect(
        name=CHAT,
        read=decode_request.read_request,
        write=encode_request.write_request,
        decoder=decode_answer.ChatDecoder,
        encoder=encode_answer.ChatEncoder,
    )


def _responses() -> Dialect:
    from faregate.protocols.openai_responses import (
        decode_answer,
        decode_request,
        encode_answer,
        encode_request,
    )

    return Dialect(
        name=RESPONSES,
        read=decode_request.read_request,
        write=encode_request.write_request,
        decoder=decode_answer.ResponsesDecoder,
        encoder=encode_answer.ResponsesEncoder,
    )


def _messages() -> Dialect:
    from faregate.protocols.anthropic_messages import (
        decode_answer,
        decode_request,
        encode_answer,
        encode_request,
    )

    return Dialect(
        name=MESSAGES,
        read=decode_request.read_request,
        write=encode_request.write_request,
        decoder=decode_answer.MessagesDecoder,
        encoder=encode_answer.MessagesEncoder,
    )


def _generate_content() -> Dialect:
    from faregate.protocols.gemini import (
        decode_answer,
        decode_request,
        encode_answer,
        encode_request,
    )

    return Dialect(
        name=GENERATE_CONTENT,
        read=decode_request.read_request,
        write=encode_request.write_request,
        decoder=decode_answer.GenerateContentDecoder,
        encoder=encode_answer.GenerateContentEncoder,
        content_type=encode_answer.content_type,
    )


DIALECTS: Mapping[str, Dialect] = _Dialects(
    {
        CHAT: _chat,
        RESPONSES: _responses,
        MESSAGES: _messages,
        GENERATE_CONTENT: _generate_content,
    }
)
PREFERRED = (CHAT, MESSAGES, RESPONSES, GENERATE_CONTENT)
"""Which dialect of a provider a request is translated to, the first that it has."""
