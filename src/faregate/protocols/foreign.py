"""Telling that a stream speaks another dialect than it began with.

Owns the marks of each dialect's events. A stream that changes its dialect half-way
comes from two places, and nothing that it says can be believed.
"""

from __future__ import annotations

import msgspec

from faregate.protocols.codec import StreamBrokenError


class _Marks(msgspec.Struct, gc=False):
    type: msgspec.Raw = msgspec.Raw()
    choices: msgspec.Raw = msgspec.Raw()
    candidates: msgspec.Raw = msgspec.Raw()


_MARKS = msgspec.json.Decoder(_Marks)
_OTHER = "generateContent"
_SPOKEN = {
    "anthropic_messages": "Messages",
    "openai_responses": "Responses",
    "openai_chat": "Chat Completions",
}
_MESSAGES = (b'"message_', b'"content_block_')
_RESPONSES = b'"response.'
_NOTHING = frozenset({b"null", b"{}", b"[]", b'""'})


def refuse_foreign(data: bytes, spoken: str) -> None:
    """Raise StreamBrokenError when an event belongs to another dialect.

    For events in which a decoder found nothing of its own: the usual ones never
    come here. What belongs to no dialect is left alone.
    """
    try:
        marks = _MARKS.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return
    kind = bytes(marks.type)
    found = None
    if kind.startswith(_MESSAGES):
        found = "Messages"
    elif kind.startswith(_RESPONSES):
        found = "Responses"
    elif marks.choices:
        found = "Chat Completions"
    elif marks.candidates:
        found = _OTHER
    known = _SPOKEN.get(spoken, _OTHER)
    if found not in {None, known}:
        raise StreamBrokenError(
            f"its stream began as {known} and goes on as {found}, so it cannot be "
            "translated"
        )


def refuse_unreadable(data: bytes) -> None:
    """Raise StreamBrokenError for an event that is no JSON of this dialect.

    One that says nothing at all is left alone: what could be lost with it?
    """
    if data.strip() in _NOTHING:
        return
    start = data[:60].decode("utf-8", "replace")
    raise StreamBrokenError(f"its stream holds an event that cannot be read: {start}")
