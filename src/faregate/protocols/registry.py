"""All codecs, and the fixed paths that they serve.

Owns the tables. Paths match exactly: no trailing slash, no other case, no dots.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from faregate.core.facts import Work
from faregate.protocols.anthropic_messages import transcript as messages_transcript
from faregate.protocols.anthropic_messages.codec import CODEC as ANTHROPIC_MESSAGES
from faregate.protocols.gemini import transcript as gemini_transcript
from faregate.protocols.gemini.codec import CODEC as GENERATE_CONTENT
from faregate.protocols.gemini.paths import read_path
from faregate.protocols.openai_chat import transcript as chat_transcript
from faregate.protocols.openai_chat.codec import CODEC as OPENAI_CHAT
from faregate.protocols.openai_completions.codec import CODEC as OPENAI_COMPLETIONS
from faregate.protocols.openai_embeddings.codec import CODEC as OPENAI_EMBEDDINGS
from faregate.protocols.openai_responses import transcript as responses_transcript
from faregate.protocols.openai_responses.codec import CODEC as OPENAI_RESPONSES

if TYPE_CHECKING:
    from faregate.core.loops.glance import Glance
    from faregate.core.transcript import Transcript
    from faregate.protocols.codec import Codec
    from faregate.protocols.transcripts import Dialect

CODECS: tuple[Codec, ...] = (
    OPENAI_CHAT,
    OPENAI_RESPONSES,
    ANTHROPIC_MESSAGES,
    GENERATE_CONTENT,
    OPENAI_COMPLETIONS,
    OPENAI_EMBEDDINGS,
)

_POSTS: dict[str, tuple[Codec, Work]] = {
    "/v1/chat/completions": (OPENAI_CHAT, Work.GENERATION),
    "/v1/responses": (OPENAI_RESPONSES, Work.GENERATION),
    "/v1/messages": (ANTHROPIC_MESSAGES, Work.GENERATION),
    "/v1/messages/count_tokens": (ANTHROPIC_MESSAGES, Work.TOKEN_COUNT),
    "/v1/completions": (OPENAI_COMPLETIONS, Work.GENERATION),
    "/v1/embeddings": (OPENAI_EMBEDDINGS, Work.EMBEDDING),
}
# Of the other dialects no request carries what was said before.
_CONVERSATIONS: dict[str, Dialect] = {
    OPENAI_CHAT.name: chat_transcript.CONVERSATION,
    OPENAI_RESPONSES.name: responses_transcript.CONVERSATION,
    ANTHROPIC_MESSAGES.name: messages_transcript.CONVERSATION,
    GENERATE_CONTENT.name: gemini_transcript.CONVERSATION,
}
_ALL = slice(None)


def by_name(name: str) -> Codec | None:
    """Return the codec with this protocol id."""
    return next((codec for codec in CODECS if codec.name == name), None)


def transcript_of(codec_name: str, body: bytes, last: int | None = None) -> Transcript:
    """Return the conversation that a request carries, oldest item first.

    Only its `last` so many messages where that is given, so that a long body is not
    read in full. Empty for a dialect without one and for a body nobody can read.
    """
    part = _ALL if last is None else slice(-last, None)
    return tuple(chain.from_iterable(messages_of(codec_name, body, part)))


def messages_of(
    codec_name: str, body: bytes, part: slice = _ALL
) -> tuple[Transcript, ...]:
    """Return what each of these messages says, which may be nothing.

    There are as many as the conversation has parts.
    """
    dialect = _CONVERSATIONS.get(codec_name)
    if dialect is None:
        return ()
    return tuple(map(tuple, dialect.items(dialect.messages(body, part))))


def glances_of(codec_name: str, body: bytes, part: slice) -> list[Glance]:
    """Return the same as far as it takes no reading of what tools brought."""
    dialect = _CONVERSATIONS.get(codec_name)
    if dialect is None:
        return []
    return [*map(dialect.glance, dialect.messages(body, part))]


def codec_for(method: str, path: str) -> tuple[Codec, Work] | None:
    """Return the codec that serves a path and the work it asks for, if any."""
    if method != "POST":
        return None
    found = _POSTS.get(path)
    if found is not None:
        return found
    endpoint = read_path(path)
    return None if endpoint is None else (GENERATE_CONTENT, endpoint.work)


def dialect_of(path: str) -> Codec:
    """Return the codec in whose shape a refusal on any path is written."""
    found = _POSTS.get(path)
    if found is not None:
        return found[0]
    if path.startswith(("/v1beta/", "/v1/models/")):
        return GENERATE_CONTENT
    return ANTHROPIC_MESSAGES if path.startswith("/v1/messages") else OPENAI_CHAT
