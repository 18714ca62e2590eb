"""Parts of a conversation are read once, whoever sends them again."""

from __future__ import annotations

import msgspec
import pytest

from faregate.core.pricing import CacheWrite
from faregate.protocols import part_memory
from faregate.protocols.codec import BadRequestError
from faregate.protocols.part_memory import PartMemory, Parts, SeenPart
from faregate.protocols.tools import NO_TOOLS

MARKED = b'{"t":"hi","cache_control":{"type":"ephemeral"}}'


class Reader:
    """Counts what it reads."""

    def __init__(self) -> None:
        self.read: list[bytes] = []

    def __call__(self, piece: bytes) -> SeenPart:
        self.read.append(piece)
        if piece == b"7":
            raise msgspec.DecodeError("no part")
        return SeenPart(
            user=b"hi" in piece,
            media=b"image" in piece,
            audio=b"sound" in piece,
            stored=b"file" in piece,
            tools=NO_TOOLS if b"tool" in piece else None,
        )


def parts(memory: PartMemory, raw: bytes) -> Parts:
    found = memory.parts(raw, "messages")
    assert found is not None
    return found


def test_a_part_is_read_when_it_is_new() -> None:
    reader = Reader()
    memory = PartMemory(reader)
    first = parts(memory, b'["hi", "image"]')
    again = parts(memory, b'["hi","image","hi","more"]')
    assert reader.read == [b'"hi"', b'"image"', b'"more"']
    assert list(again.seen[:2]) == list(first.seen)
    assert [part.size for part in again.seen] == [4, 7, 4, 6]


def test_the_same_part_with_and_without_a_marker() -> None:
    memory = PartMemory(Reader())
    marked, plain = parts(memory, b"[" + MARKED + b',{"t":"hi"}]').seen
    assert marked.digest == plain.digest
    assert (marked.size, plain.size) == (len(MARKED), 10)
    assert marked.cache_write is CacheWrite.FIVE_MINUTES
    assert plain.cache_write is CacheWrite.NONE


def test_a_part_whose_marker_moved_away_is_not_read_again() -> None:
    reader = Reader()
    memory = PartMemory(reader)
    parts(memory, b'["a",' + MARKED + b"]")
    plain = parts(memory, b'["a",{"t":"hi"},"b"]').seen[1]
    assert reader.read == [b'"a"', MARKED, b'"b"']
    fresh = PartMemory(reader).look(b'{"t":"hi"}')
    assert plain == fresh
    assert plain.plain


@pytest.mark.parametrize("odd", [b"7", b'{"ttl":{}}', b'{"ttl":"\\u0031h"}'])
def test_what_stays_of_a_part_may_hold_a_marker_of_another_form(odd: bytes) -> None:
    memory = PartMemory(Reader())
    plain = b'["hi",{"cache_control":%b}]' % odd
    both = b'["hi",%b,{"cache_control":%b}]' % (MARKED, odd)
    left = both.replace(b',"cache_control":{"type":"ephemeral"}', b"")
    for piece in (both, left, plain):
        found = memory.look(piece)
        assert found == PartMemory(Reader()).look(piece)
        assert found.cache_write is CacheWrite.UNKNOWN
        assert not found.plain


@pytest.mark.parametrize("word", [b"image", b"sound", b"file", b"tool"])
def test_a_marked_part_that_is_more_than_text_is_read_without_it(word: bytes) -> None:
    reader = Reader()
    memory = PartMemory(reader)
    memory.look(MARKED.replace(b"hi", word))
    piece = b'{"t":"' + word + b'"}'
    assert memory.look(piece) == PartMemory(Reader()).look(piece)
    assert reader.read[-1] == piece


def test_media_at_a_url_reach_anywhere_and_a_text_with_one_does_not() -> None:
    memory = PartMemory(Reader())
    text = parts(memory, b'[{"image":1},{"url":"http://a"},"b"]')
    assert text.media_reach == 1
    media = parts(memory, b'[{"image":"http://a"},{"image":1},"b"]')
    assert media.media_reach == part_memory.ANYWHERE


def test_what_is_more_than_text_is_found() -> None:
    memory = PartMemory(Reader())
    text = parts(memory, b'["a","b"]')
    assert not text.marked
    assert (text.media_reach, text.until_user) == (0, 2)
    assert not any((text.audio, text.stored, text.unbounded))
    assert not list(text.tools())
    assert text.cache_write is CacheWrite.NONE
    more = parts(memory, b'["hi","image","sound","file","tool",' + MARKED + b"]")
    assert [number for number, _ in more.marked] == [2, 3, 4, 5, 6]
    assert (more.media_reach, more.until_user) == (2, 1)
    assert more.audio
    assert more.stored
    assert more.unbounded
    assert list(more.tools()) == [NO_TOOLS]
    assert more.cache_write is CacheWrite.FIVE_MINUTES


def test_one_part_that_nobody_can_read_leaves_none() -> None:
    reader = Reader()
    memory = PartMemory(reader)
    assert memory.parts(b'["a",7]', "messages") is None
    assert memory.parts(b'["a",7]', "messages") is None
    assert reader.read.count(b"7") == 2
    assert memory.parts(b"[" * 9_999, "messages") is None


@pytest.mark.parametrize("raw", [b"{}", b'"x"', b"1"])
def test_what_is_no_list(raw: bytes) -> None:
    with pytest.raises(BadRequestError, match="must be a list"):
        PartMemory(Reader()).parts(raw, "messages")


def test_a_list_beyond_all_reason() -> None:
    raw = b"[" + b",".join([b"1"] * 100_001) + b"]"
    with pytest.raises(BadRequestError, match="more than 100000"):
        PartMemory(Reader()).parts(raw, "messages")


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part_memory, "_REMEMBERED", 4)
    reader = Reader()
    memory = PartMemory(reader)
    for number in range(10, 20):
        memory.look(b"%d" % number)
    assert len(memory._known) <= 4
    assert memory.look(b"19").size == 2
    assert len(reader.read) == 10
