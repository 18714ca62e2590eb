"""What a message's parts are: text that its bytes bound, or something else.

Owns the walk through one message for media, sound and its role. A part of a kind that
no dialect lists as text counts as media, so that something new is never cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from faregate.protocols.part_memory import SeenPart

if TYPE_CHECKING:
    from collections.abc import Iterable


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


_OF_USER = SeenPart(user=True)
_OF_OTHERS = SeenPart()
_LIST = 0x5B
_OBJECT = 0x7B
_MESSAGE = msgspec.json.Decoder(Message)
_NULL = msgspec.Raw(b"null")
_PART = msgspec.json.Decoder(Part)
_PARTS = msgspec.json.Decoder(list[Part])


def read_message(piece: bytes, text_kinds: frozenset[str]) -> SeenPart:
    """Return what a message holds; raise msgspec.DecodeError for what is none.

    An earlier spoken answer counts as media too.
    """
    message = _MESSAGE.decode(piece)
    spoken = bool(message.audio) and message.audio != _NULL
    user = message.role == "user"
    if not spoken and not raw_media(message.content, text_kinds):
        return _OF_USER if user else _OF_OTHERS
    audio = spoken or raw_audio(message.content)
    return SeenPart(user=user, media=True, audio=audio)


def first_byte(raw: msgspec.Raw) -> int:
    """Return the first byte of JSON, 0 where there is none."""
    return memoryview(raw)[0] if raw else 0


def raw_audio(content: msgspec.Raw) -> bool:
    """Tell whether a content holds sound, at any depth of it."""
    if first_byte(content) != _LIST:
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


def raw_media(content: msgspec.Raw, text_kinds: frozenset[str]) -> bool:
    """Tell whether a content is media or holds any; a plain text does not."""
    start = first_byte(content)
    try:
        if start == _LIST:
            return has_media(_PARTS.decode(content), text_kinds)
        return start == _OBJECT and has_media([_PART.decode(content)], text_kinds)
    except (msgspec.DecodeError, RecursionError):
        return True
