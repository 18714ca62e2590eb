"""The contents of a generateContent request: which of them its bytes do not bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from faregate.protocols.codec import BadRequestError
from faregate.protocols.fields import limited
from faregate.protocols.parts import ANYWHERE, reach_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_NULL = msgspec.Raw(b"null")


class _Media(msgspec.Struct, gc=False, rename="camel"):
    inline_data: msgspec.Raw = msgspec.Raw()
    file_data: msgspec.Raw = msgspec.Raw()
    snake_inline_data: msgspec.Raw = msgspec.field(
        name="inline_data", default=msgspec.Raw()
    )
    snake_file_data: msgspec.Raw = msgspec.field(
        name="file_data", default=msgspec.Raw()
    )


class _Blob(msgspec.Struct, gc=False, rename="camel"):
    mime_type: str | None = None
    snake_mime_type: str | None = msgspec.field(name="mime_type", default=None)


class _FunctionResponse(msgspec.Struct, gc=False):
    parts: list[_Media] | None = None


class _Part(_Media, gc=False, rename="camel"):
    function_response: _FunctionResponse | None = None
    snake_function_response: _FunctionResponse | None = msgspec.field(
        name="function_response", default=None
    )


class Content(msgspec.Struct, gc=False):
    """One content, as far as it matters."""

    role: str | None = None
    parts: list[_Part] | None = None


_BLOB = msgspec.json.Decoder(_Blob)
_CONTENTS = msgspec.json.Decoder(list[Content])


def decode_contents(raw: bytes) -> list[Content] | None:
    """Return the contents; None when they have a form that is not known.

    Raises BadRequestError when they are no list at all, or one beyond all reason.
    """
    try:
        return limited(_CONTENTS.decode(raw), "contents")
    except (msgspec.DecodeError, RecursionError):
        if not raw.startswith(b"["):
            raise BadRequestError("`contents` must be a list.", "contents") from None
        return None


def media_reach(contents: Iterable[Content] | None, raw: bytes) -> int:
    """Return how many contents there are up to the last with an image or the like."""
    if contents is None:
        return ANYWHERE
    media = [any(_blobs(part) for part in each.parts or ()) for each in contents]
    return reach_of(media, raw)


def holds_audio(contents: Iterable[Content]) -> bool:
    """Tell whether any part is sound, or a film, which may have some."""
    return any(
        _kind(blob).startswith(("audio", "video", "?"))
        for content in contents
        for part in content.parts or ()
        for blob in _blobs(part)
    )


def first_user(contents: Iterable[Content]) -> int:
    """Return how many contents there are up to the first user's, that included."""
    count = 0
    for content in contents:
        count += 1
        if content.role in {None, "user"}:
            break
    return count


def _blobs(part: _Part) -> list[msgspec.Raw]:
    answers = (part.function_response, part.snake_function_response)
    nested = [media for answer in answers if answer for media in answer.parts or ()]
    return [
        value
        for media in (part, *nested)
        for value in (
            media.inline_data,
            media.file_data,
            media.snake_inline_data,
            media.snake_file_data,
        )
        if value and value != _NULL
    ]


def _kind(blob: msgspec.Raw) -> str:
    """Return the media type of a blob, "?" where it states none."""
    try:
        found = _BLOB.decode(blob)
    except msgspec.DecodeError:
        return "?"
    return (found.mime_type or found.snake_mime_type or "?").lower()
