"""What stands where in one body, and how the next of its conversation is read by it.

A new body is walked along one that was read before: what is equal is known to be JSON,
and what is not is read by itself. What was known is a guess and never a reason. A body
is taken only if it is, from its first byte to its last, the marks that belong between
values and values of which each was read as a whole; anything else is read in full by
whoever asks. Owns that proof; knows neither a dialect nor how long a body is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_VALUE = msgspec.json.Decoder(msgspec.Raw)
_ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw])
_HEAD = re.compile(
    rb'[ \t\n\r]*[{,][ \t\n\r]*"[^"\\]*(?:\\.[^"\\]*)*"[ \t\n\r]*:[ \t\n\r]*'
)
_TAIL = re.compile(rb"[ \t\n\r]*\}[ \t\n\r]*")
_OPENING = re.compile(rb"\[[ \t\n\r]*")
_JOINT = re.compile(rb"[ \t\n\r]*,[ \t\n\r]*")
_BLANK = b" \t\n\r"
_UNREADABLE = (msgspec.DecodeError, RecursionError)
_NOWHERE = b"\0"
"""No JSON has it."""
_SURE = 4
"""Elements that two bodies share only if one goes on from the other."""
_OFTEN_CHANGED = 3
"""Elements at the end that an agent may write anew: a cache marker moves away."""
MOST_MEMBERS = 100
"""Keys of a body: where one is missing, a value's end is looked for before each."""
_MARKER = 80
"""Bytes at the end of an element that a cache marker may take, brackets and all."""
_FEW = 256
_CRUMB = 64
"""Bytes: a list is not kept in elements that are smaller on average, unless they are
few, because as objects they would take many times their text."""


@dataclass(slots=True, eq=False)
class Growing:
    """The list of a body to which each turn adds: its messages."""

    key: str
    start: int
    """Where its value begins and ends."""
    end: int
    opening: bytes
    joint: bytes
    closing: bytes
    elements: Sequence[bytes]
    shared: int = 0
    """How many elements are those of the body by which this one was read."""
    before: Any = None
    """What whoever reads the elements noted of that body's."""
    parts: Any = None
    """What it noted of these."""
    mark: bytes = _NOWHERE
    """An element that other conversations hardly have where it stands, and where."""
    mark_at: int = 0
    settled: int = 0
    """How many elements are known to stand there with a joint after each of them."""
    settled_size: int = 0
    """The bytes that they take with those joints."""

    def choose_mark(self) -> None:
        """Choose the element by which the next turn of this conversation is known."""
        count = len(self.elements)
        if count == 0:
            return
        number = count - 1 if count < _SURE else count // 2
        lengths = map(len, self.elements[:number])
        mark = self.elements[number]
        # From the end of the last one a cache marker moves away.
        self.mark = (mark[:-_MARKER] if number == count - 1 else b"") or mark
        self.mark_at = (
            self.start + len(self.opening) + sum(lengths) + number * len(self.joint)
        )


@dataclass(slots=True, eq=False)
class KnownBody:
    """One body that was read, and what stands where in it."""

    body: bytes
    guarded: frozenset[str]
    """The keys that were guarded as it was read."""
    members: tuple[tuple[bytes, str], ...]
    """What stands before each value, up to the one before, and the value's key."""
    tail: bytes
    values: dict[str, bytes]
    """All but the growing one's, which is not to be kept three times."""
    grows: Growing | None = None
    age: int = 0

    def all_values(self) -> dict[str, bytes]:
        """Return the value of every member, in order."""
        values, grows = self.values, self.grows
        if grows is None or grows.key in values:
            return dict(values)
        return {
            key: self.grown(key) or b"" if key == grows.key else values[key]
            for _, key in self.members
        }

    def grown(self, key: str) -> bytes | None:
        """Return the growing member's value; None for another key."""
        grows = self.grows
        if grows is None or grows.key != key:
            return None
        return self.body[grows.start : grows.end]

    def split(
        self, key: str, start: int, elements: Sequence[bytes], parts: Any
    ) -> None:
        """Take the elements of a member that is a list, to which the next will add."""
        value = self.values[key]
        opening = _OPENING.match(value)
        if opening is None or not value.endswith(b"]"):
            return
        if not _is_worth_it(self.body, len(elements)):
            return
        joint = self._joint()
        if len(elements) > 1:
            found = _JOINT.match(value, opening.end() + len(elements[0]))
            joint = joint if found is None else found.group()
        grows = Growing(
            key=key,
            start=start,
            end=start + len(value),
            opening=opening.group(),
            joint=joint,
            closing=value[len(value[:-1].rstrip(_BLANK)) :],
            elements=elements,
            parts=parts,
        )
        grows.choose_mark()
        # Another thread may read by this: whoever looks at the values first, and then
        # at this, finds the list in one of them.
        self.grows = grows
        self.values = {each: own for each, own in self.values.items() if each != key}

    def followed(self, body: bytes) -> KnownBody | None:
        """Return what stands in a new body, by this one; None where that fails."""
        if not body.startswith(self.members[0][0]):
            return None
        values: dict[str, bytes] = {}
        grows: Growing | None = None
        before = self.values
        at = 0
        for number, (head, key) in enumerate(self.members):
            if not body.startswith(head, at):
                # Left out, or something that the next of them will not match either.
                continue
            at += len(head)
            known = before.get(key)
            if known is None:
                grows = self._grown(body, at, number)
                if grows is None:
                    return None
                at = grows.end
                continue
            value = self._value(body, at, number, known)
            if value is None:
                return None
            values[key] = value
            at += len(value)
        if at + len(self.tail) != len(body) or not body.endswith(self.tail):
            return None
        members = self.members
        if len(values) + (grows is not None) != len(members):
            own = values if grows is None else {*values, grows.key}
            members = tuple([each for each in members if each[1] in own])
        return KnownBody(body, self.guarded, members, self.tail, values, grows)

    def begins(self, body: bytes, guarded: frozenset[str]) -> bool:
        """Tell whether a body that guards the same begins as this one."""
        return self.guarded is guarded and body.startswith(self.members[0][0])

    def bulk_is_in(self, body: bytes) -> bool:
        """Tell whether a body has this one's longest value where it stands here.

        That may be as far from the end: what is longest are mostly the tools, and in
        front of them the messages grow.
        """
        values, grows = self.values, self.grows
        if not values:
            return False
        longest = max(values, key=lambda key: len(values[key]))
        at = 0
        for head, key in self.members:
            at += len(head)
            if key == longest:
                break
            own = values.get(key)
            at = grows.end if own is None and grows else at + len(own or b"")
        value = values[longest]
        later = at + len(body) - len(self.body)
        return body.startswith(value, at) or (
            later >= 0 and body.startswith(value, later)
        )

    def goes_on_in(self, later: KnownBody) -> bool:
        """Tell whether a later body says all that this one did, and more."""
        mine, grown = self.grows, later.grows
        if mine is None or grown is None:
            return False
        shared, had = grown.shared, len(mine.elements)
        return shared == had or (shared >= _SURE and shared >= had - _OFTEN_CHANGED)

    def _settled(self, grows: Growing) -> memoryview:
        """Return the settled elements as they stand here; a copy would be large."""
        begin = grows.start + len(grows.opening)
        return memoryview(self.body)[begin : begin + grows.settled_size]

    def _joint(self) -> bytes:
        """Return what stands between two members: elements are written likewise."""
        for head, _ in self.members[1:]:
            return head[: head.index(b'"')]
        return b","

    def _end(self, body: bytes, at: int, number: int, closing: bytes = b"") -> int:
        """Guess where a value ends: before the next member that comes; -1 if nowhere."""
        for head, _ in self.members[number + 1 :]:
            end = body.find(closing + head, at)
            if end >= 0:
                return end
        rest = closing + self.tail
        end = len(body) - len(rest)
        return end if end >= at and body.endswith(rest) else -1

    def _value(self, body: bytes, at: int, number: int, known: bytes) -> bytes | None:
        """Return the value that begins here, be it the one that is known or not."""
        if body.startswith(known, at):
            return known
        end = self._end(body, at, number)
        value = body[at:end] if end >= 0 else b""
        try:
            # With a blank around it, it would be longer than what it says.
            same = len(_VALUE.decode(value)) == len(value)
        except _UNREADABLE:
            return None
        return value if same and is_text(value) else None

    def _grown(self, body: bytes, at: int, number: int) -> Growing | None:
        """Return the list of which some elements, from the first on, are those here."""
        known = self.grows
        if known is None or not body.startswith(known.opening, at):
            return None
        start = at
        at += len(known.opening)
        joint, shared = known.joint, 0
        gap = len(joint)
        if body.startswith(self._settled(known), at):
            shared = known.settled
            at += known.settled_size
        for element in known.elements[shared:]:
            after = at + len(element)
            if not (body.startswith(element, at) and body.startswith(joint, after)):
                break
            at = after + gap
            shared += 1
        end = self._end(body, at, number, known.closing)
        new = _elements(memoryview(body)[at:end]) if end >= 0 else None
        # After a comma there is something, or it is no list.
        if new is None or (shared and not new):
            return None
        if not _is_worth_it(body, shared + len(new)):
            return None
        grows = Growing(
            key=known.key,
            start=start,
            end=end + len(known.closing),
            opening=known.opening,
            joint=joint,
            closing=known.closing,
            elements=[*known.elements[:shared], *new],
            shared=shared,
            before=known.parts,
            settled=shared,
            settled_size=at - start - len(known.opening),
        )
        if shared < _SURE:
            grows.choose_mark()
        else:
            # It stood there in two turns already: no marker moves away from it.
            grows.mark = known.elements[shared - 1]
            grows.mark_at = at - gap - len(grows.mark)
        return grows


def learned(
    body: bytes,
    guarded: frozenset[str],
    values: Mapping[str, bytes],
    spans: Mapping[str, tuple[int, int, int]],
) -> KnownBody | None:
    """Return what stands in a body that was read in full.

    None for one in which a key stands twice, and for one of very many.
    """
    if len(spans) > MOST_MEMBERS:
        return None
    members: list[tuple[bytes, str]] = []
    at = 0
    for key, (_, start, end) in spans.items():
        head = body[at:start]
        if _HEAD.fullmatch(head) is None:
            return None
        members.append((head, key))
        at = end
    tail = body[at:]
    if not members or _TAIL.fullmatch(tail) is None:
        return None
    return KnownBody(body, guarded, tuple(members), tail, dict(values))


def _is_worth_it(body: bytes, elements: int) -> bool:
    return elements <= _FEW or elements * _CRUMB <= len(body)


def is_text(piece: bytes) -> bool:
    """Tell whether these bytes are UTF-8."""
    if piece.isascii():
        return True
    try:
        piece.decode()
    except UnicodeDecodeError:
        return False
    return True


def _elements(region: memoryview) -> list[bytes] | None:
    """Return what stands between the brackets of a list; None if that is no list."""
    whole = b"".join((b"[", region, b"]"))
    try:
        found = _ELEMENTS.decode(whole)
    except _UNREADABLE:
        return None
    return [bytes(each) for each in found] if is_text(whole) else None
