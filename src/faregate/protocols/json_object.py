"""One JSON object with the exact byte span of each of its members.

Owns reading a body without building objects for its content, and replacing single
members so that every other byte stays as it was. Knows no dialect.
"""

from __future__ import annotations

import codecs
import json
import re
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Self

import msgspec

from faregate.protocols.body_memory import BODIES, SMALLEST
from faregate.protocols.codec import BadRequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from faregate.protocols.known_body import KnownBody

_RAW_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_KEY = re.compile(rb'[ \t\n\r]*("[^"\\]*(?:\\.[^"\\]*)*")[ \t\n\r]*:[ \t\n\r]*')
_COMMA = re.compile(rb"[ \t\n\r]*,")
_END = re.compile(rb"[ \t\n\r]*\}[ \t\n\r]*")
_OPEN = re.compile(rb"[ \t\n\r]*\{")
_OPEN_EMPTY = re.compile(rb"[ \t\n\r]*\{[ \t\n\r]*\}")
_NEXT_KEY = re.compile(
    rb'[ \t\n\r]*,[ \t\n\r]*("[^"\\]*(?:\\.[^"\\]*)*")[ \t\n\r]*:[ \t\n\r]*'
)
# Texts that were cut inside a character end in one; no JSON reader agrees on it.
_HALF_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])")
_UTF8 = codecs.getincrementaldecoder("utf-8")
_PIECE = 65536
_NULL = b"null"
_LARGEST_REMEMBERED = 1024 * 1024
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


Span = tuple[int, int, int]
"""Offsets of one member: where its key begins, where its value begins and ends."""


class JsonObject:
    """A JSON object that was read but not decoded."""

    __slots__ = ("_present", "_spans", "_values", "body", "get", "known", "lesser")

    def __init__(
        self,
        body: bytes,
        values: dict[str, bytes],
        spans: dict[str, Span] | None,
        known: KnownBody | None = None,
    ) -> None:
        """Take what was read; `spans` None if no key stands twice.

        `values` may lack the growing member of a body that is known.
        """
        self.body = body
        self.lesser = values
        """Those of `values` that cost nothing: a growing member's would be a copy."""
        self._spans = spans
        self.known = known
        """What the next body can be read by, where this one was kept for that."""
        self._values: dict[str, bytes] | None = values
        present: dict[str, bytes] = values
        if _NULL in values.values():
            present = {key: value for key, value in values.items() if value != _NULL}
        self._present = present
        self.get: Callable[[str], bytes | None] = present.get
        """Return the bytes of a member's value; None when absent or null."""

    @classmethod
    def of(cls, known: KnownBody) -> Self:
        """Return a body that is known; its growing member is read when asked for."""
        made = cls(known.body, known.values, None, known)
        if known.grows is not None:
            made._values = None
            # A method of its own would hold it until the garbage collector looks.
            made.get = partial(_present_or_grown, made._present, known)
        return made

    @property
    def values(self) -> dict[str, bytes]:
        """The bytes of each member's value, in order.

        Where a key that nobody guards stands twice, the last one counts, as it does
        for most parsers.
        """
        values = self._values
        if values is None:
            values = self.lesser if self.known is None else self.known.all_values()
            self._values = values
        return values

    def __contains__(self, key: str) -> bool:
        return key in self.values

    @property
    def spans(self) -> dict[str, Span]:
        """Where each member stands; worked out when the first change asks."""
        if self._spans is None:
            self._spans = _spans(self.body, self.values)
        return self._spans

    def replaced(
        self, changes: Mapping[str, bytes], renames: Mapping[str, str] | None = None
    ) -> bytes:
        """Return the body with new values for some members, others untouched.

        A key that is absent is inserted as the first member; a null is replaced.
        `renames` gives members a new key. Values are JSON.
        """
        edits: list[tuple[int, int, bytes]] = []
        inserted: list[bytes] = []
        for key, value in changes.items():
            span = self.spans.get(key)
            if span is None:
                inserted.append(json.dumps(key).encode() + b":" + value)
            else:
                edits.append((span[1], span[2], value))
        for old, new in (renames or {}).items():
            start = self.spans[old][0]
            match = _matched(_KEY, self.body, start)
            edits.append((match.start(1), match.end(1), json.dumps(new).encode()))
        if inserted:
            edits.append(self._insertion(inserted))
        return _edited(self.body, edits)

    def _insertion(self, members: list[bytes]) -> tuple[int, int, bytes]:
        at = _matched(_OPEN, self.body).end()
        separator = b"" if _OPEN_EMPTY.match(self.body) else b","
        return at, at, b",".join(members) + separator


def _present_or_grown(
    present: dict[str, bytes], known: KnownBody, key: str
) -> bytes | None:
    value = present.get(key)
    return known.grown(key) if value is None else value


def _matched(
    pattern: re.Pattern[bytes], body: bytes, position: int = 0
) -> re.Match[bytes]:
    """Return the match that a body which was decoded before must have."""
    match = pattern.match(body, position)
    if match is None:
        raise ValueError("the body is not the object that was read")
    return match


def _edited(body: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    # Views, because a slice of a large body would be copied twice.
    whole = memoryview(body)
    pieces: list[bytes | memoryview] = []
    position = 0
    for start, end, value in sorted(edits):
        pieces += (whole[position:start], value)
        position = end
    pieces.append(whole[position:])
    return b"".join(pieces)


# What is changed in a body is changed right after it was read.
_latest: list[JsonObject | None] = [None]


def read_object(body: bytes, *, guarded: Iterable[str] = ()) -> JsonObject:
    """Read a request body that has to be one JSON object.

    Raises BadRequestError when it is anything else, and when a `guarded` key stands
    in it twice or in other letters: then a provider may read another one than we do.
    """
    names = frozenset(guarded)
    if len(body) < SMALLEST:
        found = _read_first(body, names)
    else:
        found = _read_long(body, names)
    _latest[0] = found if len(body) <= _LARGEST_REMEMBERED else None
    return found


def _read_long(body: bytes, guarded: frozenset[str]) -> JsonObject:
    """Read a body by the one before it, or in full for the next one to be read by."""
    known = BODIES.read(body, guarded)
    if known is not None:
        return JsonObject.of(known)
    found = _read_first(body, guarded)
    found.known = BODIES.learn(body, guarded, found.values, found.spans)
    return found


def _read_first(body: bytes, guarded: frozenset[str]) -> JsonObject:
    if not body or body.isspace():
        raise BadRequestError("The request body is empty; it must be a JSON object.")
    _check_encoding(body)
    return _read(body, guarded, "The request body")


def read_again(body: bytes) -> JsonObject:
    """Read a body that `read_object` accepted before, mostly just before."""
    latest = _latest[0]
    if latest is not None and latest.body is body:
        return latest
    known = BODIES.of(body)
    if known is not None:
        return JsonObject.of(known)
    return _read(body, frozenset(), "The request body")


def forget_idle() -> None:
    """Let go of the latest body, and of each that no request came back to."""
    _latest[0] = None
    BODIES.forget_idle()


def read_member(parent: JsonObject, key: str, *, guarded: Iterable[str]) -> JsonObject:
    """Read a member that has to be an object; an absent or null one is empty.

    Raises BadRequestError as `read_object` does.
    """
    value = parent.get(key)
    if value is None:
        return JsonObject(b"{}", {}, {})
    try:
        return _read(value, frozenset(guarded), f"`{key}`")
    except BadRequestError as error:
        param = key if error.param is None else f"{key}.{error.param}"
        raise BadRequestError(error.message, param) from None


def _check_encoding(body: bytes) -> None:
    if body.startswith(_BOMS):
        raise BadRequestError(
            "The request body begins with a byte order mark; send plain UTF-8."
        )
    if body.isascii():
        return
    try:
        # In pieces, because one large text would have to be allocated anew.
        decoder = _UTF8()
        for start in range(0, len(body), _PIECE):
            decoder.decode(body[start : start + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise BadRequestError(
            f"The request body is not valid UTF-8: {error.reason}."
        ) from None


def _read(body: bytes, guarded: frozenset[str], what: str) -> JsonObject:
    try:
        raws = _RAW_OBJECT.decode(body)
    except RecursionError:
        raise BadRequestError(f"{what} is nested too deeply.") from None
    except msgspec.ValidationError:
        raise BadRequestError(f"{what} must be a JSON object.") from None
    except msgspec.DecodeError as error:
        why = "half of a surrogate pair" if _HALF_PAIR.search(body) else error
        raise BadRequestError(f"{what} is not valid JSON: {why}.") from None
    if guarded:
        _refuse_lookalikes(raws, guarded)
    values = {key: bytes(raw) for key, raw in raws.items()}
    if _is_compact(body, values):
        return JsonObject(body, values, None)
    found = _aligned(body, values) or _with_duplicates(body, guarded)
    return JsonObject(body, *found)


def _is_compact(body: bytes, values: dict[str, bytes]) -> bool:
    """Tell whether a valid object holds these members and not one byte more.

    This is the least that they take: with a blank, an escaped key or a key that
    stands twice it would be longer.
    """
    size = 1
    for key, value in values.items():
        size += len(key) + len(value) + 4
    return size == len(body)


def _spans(body: bytes, values: dict[str, bytes]) -> dict[str, Span]:
    """Return where the members of an object stand that has no key twice."""
    if _is_compact(body, values):
        return _compact_spans(values)
    found = _aligned(body, values)
    if found is None:
        raise ValueError("the body is not the object that was read")
    return found[1]


def _compact_spans(values: dict[str, bytes]) -> dict[str, Span]:
    """Return where the members of a compact object stand."""
    spans: dict[str, Span] = {}
    at = 1
    for key, value in values.items():
        start = at + len(key) + 3
        end = start + len(value)
        spans[key] = (at, start, end)
        at = end + 1
    return spans


def _refuse_lookalikes(keys: Iterable[str], guarded: frozenset[str]) -> None:
    """Refuse `Max_Tokens`: some readers of JSON take it for `max_tokens`."""
    fields = _folded(guarded)
    for key in keys:
        if key not in guarded and (field := fields.get(key.casefold())) is not None:
            raise BadRequestError(
                f"`{key[:100]}` is no field; write it as `{field}`.", key[:100]
            )


@lru_cache(maxsize=64)
def _folded(guarded: frozenset[str]) -> dict[str, str]:
    return {key.casefold(): key for key in sorted(guarded)}


_Members = tuple[dict[str, bytes], dict[str, Span]]


def _aligned(body: bytes, values: dict[str, bytes]) -> _Members | None:
    """Walk the members in order; None when some key must stand there twice.

    Without duplicates the decoded members lie in the body in just this order, so
    each must be found where the one before it ended.
    """
    position = _matched(_OPEN, body).end()
    spans: dict[str, Span] = {}
    match_key = _KEY.match
    for key, value in values.items():
        match = match_key(body, position)
        if match is None:
            return None
        start = match.end()
        position = start + len(value)
        if not body.startswith(value, start):
            return None
        spans[key] = (match.start(1), start, position)
        match_key = _NEXT_KEY.match
    end = _END.match(body, position)
    return (values, spans) if end is not None and end.end() == len(body) else None


def _with_duplicates(body: bytes, guarded: frozenset[str]) -> _Members:
    values: dict[str, bytes] = {}
    spans: dict[str, Span] = {}
    try:
        for key, span in _members(body):
            if key in spans and key in guarded:
                raise BadRequestError(f"`{key}` is given more than once.", key)
            spans[key] = span
            values[key] = body[span[1] : span[2]]
    except RecursionError:
        raise BadRequestError("The request body is nested too deeply.") from None
    return values, spans


def _number(_text: str) -> int:
    return 0


def _members(body: bytes) -> Iterator[tuple[str, Span]]:
    """Yield each member of a valid object, twice-given ones twice."""
    text = body.decode("utf-8")
    # Offsets in text and bytes differ once a character takes more than one byte.
    single = body.isascii()
    # Numbers are never needed here, and a very long one would be an error.
    decoder = json.JSONDecoder(parse_int=_number, parse_float=_number)
    position = text.index("{") + 1
    byte = len(text[:position].encode()) if not single else position
    while True:
        match = _KEY.match(body, byte)
        if match is None:
            return
        key: Any = json.loads(match.group(1))
        start = match.end()
        head = start - byte if single else len(body[byte:start].decode())
        _, end_text = decoder.raw_decode(text, position + head)
        length = end_text - position - head
        piece = text[position + head : end_text]
        end = start + (length if single else len(piece.encode()))
        yield key, (match.start(1), start, end)
        position, byte = end_text, end
        comma = _COMMA.match(body, byte)
        if comma is None:
            return
        position += comma.end() - byte
        byte = comma.end()
