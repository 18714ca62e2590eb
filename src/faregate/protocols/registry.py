"""All codecs, and the fixed paths that they serve.

Owns the tables. Paths match exactly: no trailing slash, no other case, no dots.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.facts import Work
from faregate.protocols.anthropic_messages.codec import CODEC as ANTHROPIC_MESSAGES
from faregate.protocols.openai_chat.codec import CODEC as OPENAI_CHAT

if TYPE_CHECKING:
    from faregate.protocols.codec import Codec

CODECS: tuple[Codec, ...] = (OPENAI_CHAT, ANTHROPIC_MESSAGES)

_POSTS: dict[str, tuple[Codec, Work]] = {
    "/v1/chat/completions": (OPENAI_CHAT, Work.GENERATION),
    "/v1/messages": (ANTHROPIC_MESSAGES, Work.GENERATION),
    "/v1/messages/count_tokens": (ANTHROPIC_MESSAGES, Work.TOKEN_COUNT),
}


def by_name(name: str) -> Codec | None:
    """Return the codec with this protocol id."""
    return next((codec for codec in CODECS if codec.name == name), None)


def codec_for(method: str, path: str) -> tuple[Codec, Work] | None:
    """Return the codec that serves a path and the work it asks for, if any."""
    if method != "POST":
        return None
    return _POSTS.get(path)
