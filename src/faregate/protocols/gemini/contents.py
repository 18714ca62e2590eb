"""The contents of a generateContent request: which of them its bytes do not bound."""

from __future__ import annotations

import msgspec

from faregate.protocols.part_memory import SeenPart

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


class _Content(msgspec.Struct, gc=False):
    role: str | None = None
    parts: list[_Part] | None = None


_BLOB = msgspec.json.Decoder(_Blob)
_CONTENT = msgspec.json.Decoder(_Content)


def read_content(piece: bytes) -> SeenPart:
    """Return what a content holds; raise msgspec.DecodeError for what is none.

    A film may have sound.
    """
    content = _CONTENT.decode(piece)
    blobs = [blob for part in content.parts or () for blob in _blobs(part)]
    return SeenPart(
        user=content.role in {None, "user"},
        media=bool(blobs),
        audio=any(_kind(blob).startswith(("audio", "video", "?")) for blob in blobs),
    )


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
