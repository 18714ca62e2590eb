"""What a message's parts are: text that its bytes bound, or something else.

Owns the walk through messages for media, file ids and roles. A part of a kind that
no dialect lists as text counts as media, so that something new is never cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from faregate.protocols.codec import BadRequestError
from faregate.protocols.fields import limited

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Part(msgspec.Struct, gc=False):
    """One content part, as far as it matters."""

    type: str = ""
    content: msgspec.Raw = msgspec.Raw()
    """Parts inside a tool's result, or the one."""


class Message(msgspec.Struct, gc=False):
    """One message of a chat, as far as it matters."""

    role: str | None = None
    content: msgspec.Raw = msgspec.Raw()
    audio: msgspec.Raw = msgspec.Raw()
    """An earlier spoken answer, by its id."""


_MESSAGES = msgspec.json.Decoder(list[Message])
_NULL = msgspec.Raw(b"null")
_REMOTE = b'"http'
ANYWHERE = 2**31
"""The reach of media that may stand behind any part."""
_PART = msgspec.json.Decoder(Part)
_PARTS = msgspec.json.Decoder(list[Part])


def decode_messages(raw: bytes) -> list[Message] | None:
    """Return messages with their parts' kinds; None when they look like no chat.

    Raises BadRequestError when they are no list at all, or one beyond all reason.
    """
    try:
        return limited(_MESSAGES.decode(raw), "messages")
    except (msgspec.DecodeError, RecursionError):
        if not raw.startswith(b"["):
            raise BadRequestError("`messages` must be a list.", "messages") from None
        return None


def media_reach(
    messages: Sequence[Message] | None, text_kinds: frozenset[str], raw: bytes
) -> int:
    """Return how many messages there are up to the last that holds media, 0 for none.

    `raw` is their JSON; see `reach_of`. Messages that cannot be told apart may hold
    anything anywhere.
    """
    if messages is None:
        return ANYWHERE
    return reach_of([_holds_media(each, text_kinds) for each in messages], raw)


def reach_of(media: Sequence[bool], raw: bytes) -> int:
    """Return the number of the last part that holds media, 0 when none does.

    What stands at a URL may be another thing the next time it is fetched: then no
    part can be said to be the last.
    """
    for number in range(len(media), 0, -1):
        if media[number - 1]:
            return ANYWHERE if _REMOTE in raw else number
    return 0


def _holds_media(message: Message, text_kinds: frozenset[str]) -> bool:
    spoken = bool(message.audio) and message.audio != _NULL
    return spoken or raw_media(message.content, text_kinds)


def any_audio(messages: Iterable[Message]) -> bool:
    """Tell whether any message holds sound."""
    return any(
        (message.audio and message.audio != _NULL) or raw_audio(message.content)
        for message in messages
    )


def raw_audio(content: msgspec.Raw) -> bool:
    """Tell whether a content holds sound, at any depth of it."""
    if bytes(memoryview(content)[:1]) != b"[":
        return False
    try:
        parts = _PARTS.decode(content)
    except (msgspec.DecodeError, RecursionError):
        return True
    return any("audio" in part.type or raw_audio(part.content) for part in parts)


def has_media(parts: Iterable[Part], text_kinds: frozenset[str]) -> bool:
    """Tell whether any part, nested ones included, is not of a text kind.

    Inline images and documents count too, however long: their tokens follow from
    pixels and pages, and a short document can be dear.
    """
    for part in parts:
        if part.type not in text_kinds:
            return True
        if part.content and raw_media(part.content, text_kinds):
            return True
    return False


def first_user(messages: Iterable[Message]) -> int:
    """Return how many messages there are up to the first user's, that included."""
    count = 0
    for message in messages:
        count += 1
        if message.role == "user":
            break
    return count


def raw_media(content: msgspec.Raw, text_kinds: frozenset[str]) -> bool:
    """Tell whether a content is media or holds any; a plain text does not."""
    start = bytes(memoryview(content)[:1])
    try:
        if start == b"[":
            return has_media(_PARTS.decode(content), text_kinds)
        return start == b"{" and has_media([_PART.decode(content)], text_kinds)
    except (msgspec.DecodeError, RecursionError):
        return True
