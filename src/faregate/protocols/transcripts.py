"""What all dialects share when a conversation is read into transcript items.

Owns tolerance: a field of an odd type is as good as absent, an element that cannot be
read is skipped, and nothing here raises for anything that a caller sends.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from faregate.core.loops.arguments import tried, tried_with
from faregate.core.values import dataclass
from faregate.protocols.body_memory import BODIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from faregate.core.loops.glance import Glance
    from faregate.core.transcript import Item

_Value = TypeVar("_Value")

_UNREADABLE = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)
_ARGUMENTS = msgspec.json.Decoder(dict[str, Any])
_NULL = b"null"
_TRUE = b"true"
_ROLES = {
    "assistant": "assistant",
    "model": "assistant",
    "system": "system",
    "developer": "system",
}
_DIGEST_BYTES = 6


class Fields:
    """The members of one JSON object; what is missing or odd reads as empty."""

    __slots__ = ("_members", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._members = typed(_OBJECT, raw) or {}

    def member(self, *keys: str) -> bytes | None:
        """Return the JSON of the first of these members that is not null."""
        for key in keys:
            value = self._members.get(key)
            if value is not None and (found := bytes(value)) != _NULL:
                return found
        return None

    def text(self, *keys: str) -> str:
        """Return the first of these members that is a string; "" when none is."""
        for key in keys:
            value = self._members.get(key)
            if value is not None and (found := typed(_TEXT, value)) is not None:
                return found
        return ""

    def flag(self, key: str) -> bool:
        """Return a boolean member; False when it is anything else."""
        return self.member(key) == _TRUE

    def object(self, *keys: str) -> Fields:
        """Return a member that is an object; an empty one when it is none."""
        return Fields(self.member(*keys) or b"{}")

    def objects(self, *keys: str) -> Iterator[Fields]:
        """Yield the elements of a member that is a list of objects."""
        for each in elements(self.member(*keys)):
            yield Fields(each)


def elements(raw: bytes | None) -> list[bytes]:
    """Return the elements of a JSON list undecoded; [] for anything else."""
    if raw is None:
        return []
    found = typed(_LIST, raw) or []
    return [bytes(each) for each in found]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the conversations of one dialect are read, message by message."""

    key: str
    """The member of a body that holds the messages, a list."""
    items: Callable[[Sequence[bytes]], Iterable[Sequence[Item]]]
    """Takes messages that stand one after another; returns what each says."""
    glance: Callable[[bytes], Glance]
    """Returns the same as a glance at what `items` returns of one, at less cost."""
    alone: bytes = b"["
    """How one message begins that may stand there instead of a list."""

    def messages(self, body: bytes, part: slice) -> Sequence[bytes]:
        """Return these of a body's messages; none where they cannot be told."""
        known = BODIES.of(body)
        grows = None if known is None else known.grows
        if grows is not None and grows.key == self.key:
            return grows.elements[part]
        raw = Fields(body).member(self.key)
        if raw is not None and raw[:1] == self.alone != b"[":
            return [raw][part]
        return elements(raw)[part]


def called(name: str, arguments: msgspec.Raw | str | None) -> tuple[str, int]:
    """Return a call as a glance shows it."""
    decoded = None if arguments is None else typed(_ARGUMENTS, arguments)
    if decoded is not None:
        return name, tried_with(name, decoded)
    if isinstance(arguments, msgspec.Raw):
        arguments = json_text(given(arguments))
    return name, tried(name, arguments or "")


def given(raw: msgspec.Raw) -> bytes | None:
    """Return a member's JSON; None when it is absent or null."""
    found = bytes(raw)
    return found if found and found != _NULL else None


def role_of(message: Fields) -> str:
    """Return whose words a message holds; those of an unknown role are a user's."""
    return speaker(message.text("role"))


def speaker(role: str | None) -> str:
    """Return whose words those of a role are."""
    return _ROLES.get(role or "", "user")


def plain_text(raw: bytes | None) -> str:
    """Return what stands in a content: a text, a list of parts or an object.

    Parts are joined by line ends. A part without text, such as an image, is a mark
    with a digest of its bytes, so that two pictures can be told apart.
    """
    if raw is None:
        return ""
    text = _text(raw)
    if text is not None:
        return text
    if raw[:1] != b"[":
        return raw.decode("utf-8", "replace")
    return "\n".join(part_text(each) for each in elements(raw))


def json_text(raw: bytes | None) -> str:
    """Return arguments as text: a string as it is, anything else as its JSON."""
    if raw is None:
        return ""
    text = _text(raw)
    return raw.decode("utf-8", "replace") if text is None else text


def part_text(raw: bytes) -> str:
    """Return what one part of a content says, or a mark for it."""
    text = _text(raw)
    if text is not None:
        return text
    part = Fields(raw)
    text = part.text("text", "refusal")
    if text or part.member("text") is not None:
        return text
    digest = hashlib.blake2b(raw, digest_size=_DIGEST_BYTES).hexdigest()
    return f"[{part.text('type') or 'part'} {digest}]"


def _text(raw: bytes) -> str | None:
    """Return a JSON text; None for anything else, which is not even tried."""
    return typed(_TEXT, raw) if raw[:1] == b'"' else None


def typed(
    decoder: msgspec.json.Decoder[_Value], raw: bytes | str | msgspec.Raw
) -> _Value | None:
    """Return JSON of the form that is asked for; None for any other."""
    try:
        return decoder.decode(raw)
    except _UNREADABLE:
        return None
