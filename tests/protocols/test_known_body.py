"""What is read by an earlier body is exactly what is read in full, faults included."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.protocols import json_object, known_body, part_memory
from faregate.protocols.body_memory import BODIES, SMALLEST
from faregate.protocols.codec import RequestHead
from faregate.protocols.json_object import read_again
from faregate.protocols.part_memory import SeenPart
from faregate.protocols.registry import messages_of
from tests.protocols.requests import codec_at
from tests.protocols.turns import (
    PATHS,
    TOOLS,
    after,
    compact,
    forget,
    full,
    message,
    read,
    request,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from faregate.protocols.known_body import KnownBody


@pytest.fixture(autouse=True)
def cold() -> Iterator[None]:
    forget()
    yield
    forget()


def shared(known: KnownBody | None) -> int:
    """How many messages were not read again."""
    return 0 if known is None or known.grows is None else known.grows.shared


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": "), (" ,\n", "\t: ")])
def test_a_turn_is_read_by_the_one_before(
    path: str, separators: tuple[str, str]
) -> None:
    texts = ["Do it.", "I look.", "It is \u00e9.", "And on.", "Yes."]
    bodies = [
        json.dumps(request(path, texts[:count]), separators=separators).encode()
        for count in (3, 5)
    ]
    found, known = after(path, *bodies)
    assert shared(known) == (2 if path == "/v1/messages" else 3)
    assert found == full(path, bodies[1])
    assert len(found[0].conversation.parts) == 5


texts = st.lists(
    st.text(alphabet='ab"\\{}[],:\u00e9\U0001f600 \n', max_size=12), max_size=7
)
others: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(
        ["metadata", "seed", "stream", "temperature", "Model", "tools", "x", "user"]
    ),
    st.sampled_from([None, True, 1, 12, 1.5, "x", "\u00e9", {}, [], {"tools": [1]}]),
    max_size=3,
)
styles = st.sampled_from([(",", ":"), (", ", ": "), (" , ", ":\n"), (",\t", ":")])


@settings(max_examples=100, deadline=None)
@given(
    path=st.sampled_from(PATHS),
    before=st.tuples(texts, others),
    later=st.tuples(texts, others),
    goes_on=st.booleans(),
    style=st.tuples(styles, styles),
    ascii_only=st.booleans(),
)
def test_any_two_bodies(
    path: str,
    before: tuple[list[str], dict[str, Any]],
    later: tuple[list[str], dict[str, Any]],
    goes_on: bool,
    style: tuple[tuple[str, str], tuple[str, str]],
    ascii_only: bool,
) -> None:
    said = [*before[0], *later[0]] if goes_on else later[0]
    documents = request(path, before[0], **before[1]), request(path, said, **later[1])
    first, body = (
        json.dumps(document, separators=one, ensure_ascii=ascii_only).encode()
        for document, one in zip(documents, style, strict=True)
    )
    assert after(path, first, body)[0] == full(path, body)


def base(path: str) -> tuple[bytes, bytes]:
    said = ["Do it.", "I look.", "It is \u00e9.", "And", "Yes."]
    more = {"metadata": {"a": [1]}, "seed": 12, "stream": False}
    return compact(request(path, said[:4], **more)), compact(
        request(path, said, **more)
    )


_ELEMENT = re.compile(r"(?<=[\[, ])([0-9]+)(?=[\], ])")
cuts = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.integers(0, 40),
        st.sampled_from(
            [
                *(b"", b",", b"]", b"}", b"[", b"{", b'"', b":", b"\\", b"0", b"null"),
                *(b" ", b"\xff", b"\xc3", b'"a":1,', b',"model":"x"', b'],"tools":[]'),
                *(b"[]", b'],"messages":[', b"e1", b"-", b'"seed":1', b"\\u0061"),
            ]
        ),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=100, deadline=None)
@given(
    path=st.sampled_from(PATHS),
    turns=st.lists(texts, min_size=3, max_size=4),
    kept=st.integers(0, 9),
    styles=st.lists(styles, min_size=4, max_size=4),
    blanks=st.lists(st.integers(0, 60), max_size=4),
)
def test_any_conversation(
    path: str,
    turns: list[list[str]],
    kept: int,
    styles: list[tuple[str, str]],
    blanks: list[int],
) -> None:
    """It grows, its end is written anew, and its joints are not all alike."""
    said: list[str] = []
    bodies: list[bytes] = []
    for turn, style in zip(turns, styles, strict=False):
        said = [*said, *turn]
        body = json.dumps(request(path, said), separators=style).encode()
        for at in blanks:
            where = body.find(b"},", at * len(body) // 60) + 2
            body = body[:where] + b" " + body[where:] if where > 1 else body
        bodies.append(body)
    last = json.dumps(request(path, [*said[:kept], "x"]), separators=styles[0])
    assert after(path, *bodies)[0] == full(path, bodies[-1])
    assert after(path, *bodies, last.encode())[0] == full(path, last.encode())


@pytest.mark.parametrize("path", PATHS)
def test_damage_in_what_two_turns_shared(path: str) -> None:
    said = ["Do it.", "I look.", "It is \u00e9.", "And", "Yes.", "So.", "Go."]
    bodies = [compact(request(path, said[:count])) for count in (3, 5, 7)]
    assert after(path, *bodies)[0] == full(path, bodies[-1])
    body = bodies[-1]
    start = body.find(b"Do it.")
    for at in range(start - 60, body.find(b'"tools"') + 10):
        for odd in (body[:at] + body[at + 1 :], body[:at] + b"]" + body[at + 1 :]):
            assert after(path, *bodies[:2], odd)[0] == full(path, odd), at


@settings(max_examples=100, deadline=None)
@given(path=st.sampled_from(PATHS), cuts=cuts)
def test_any_damage(path: str, cuts: list[tuple[float, int, bytes]]) -> None:
    first, body = base(path)
    tools = len(compact(TOOLS[path]))
    for where, length, piece in cuts:
        # Mostly elsewhere than in the one long description.
        at = int(where * (len(body) - tools + 200))
        at = at if at < body.find(b'"tools"') + 100 else at + tools - 200
        body = body[:at] + piece + body[at + length :]
    assert after(path, first, body)[0] == full(path, body)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", ["flipped", "left out", "cut off", "doubled"])
def test_damage_at_every_byte(path: str, kind: str) -> None:
    first, body = base(path)
    at_tools = body.find(b'"tools"')
    end = body.find(b'"metadata"')
    for at in (*range(at_tools + 120), *range(end - 120, len(body))):
        odd = {
            "flipped": body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :],
            "left out": body[:at] + body[at + 1 :],
            "cut off": body[:at],
            "doubled": body[:at] + body[at : at + 1] + body[at:],
        }[kind]
        assert after(path, first, odd)[0] == full(path, odd), at


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"messages":[]', '"messages":null'),
        ('"messages":[]', '"messages":{}'),
        ('"messages":[1]', '"messages":[1,]'),
        ('"messages":[1]', '"messages":[,1]'),
        ('"messages":[1,2]', '"messages":[1]'),
        ('"messages":[1,2]', '"messages":[1 ,2]'),
        ('"messages":[1,2]', '"messages":[1,23]'),
        ('"messages":[12,3]', '"messages":[1,2,3]'),
        ('"messages":[1]', '"messages":[1],"model":"other"'),
        ('"messages":[1]', '"messages":[1],"a":[2]'),
        ('"messages":[1]', '"messages":[1]],"a":[[2]'),
        ('"messages":[1],"seed":1', '"messages":[1],"seed":12'),
        ('"messages":[1],"seed":1', '"messages":[1],"seed": 1'),
        ('"messages":[1],"seed":1', '"messages":[1],"Seed":1'),
        ('"messages":[1],"seed":1', '"messages":[1]'),
        ('"messages":[1],"seed":1', '"seed":1,"messages":[1]'),
        ('"messages":[1],"seed":1', '"messages":[1],"seed":1,"seed":1'),
        ('"messages":[1],"\\u0073eed":1', '"messages":[1,2],"\\u0073eed":1'),
        ('"messages":[1],"seed":1,"seed":2', '"messages":[1,2],"seed":1,"seed":2'),
        ('"messages":[[1],2]', '"messages":[[1],2],"seed":[3]'),
        ('"messages":"x"', '"messages":[1]'),
        ('"messages":[ ]', '"messages":[ 1 ]'),
        ('"messages":[ 1 , 2 ]', '"messages":[ 1 , 2 , 3 ]'),
    ],
)
@pytest.mark.parametrize("place", ["first", "last"])
@pytest.mark.parametrize("messages", [False, True])
def test_seams(old: str, new: str, place: str, messages: bool) -> None:
    """The element of a list and the value of a member end where they say."""
    if messages:
        old, new = (_ELEMENT.sub(r'{"content":"\1"}', each) for each in (old, new))
    tools = '"model":"m","tools":' + compact(TOOLS["/v1/chat/completions"]).decode()
    first, body = (
        ("{" + (f"{each},{tools}" if place == "first" else f"{tools},{each}") + "}")
        for each in (old, new)
    )
    path = "/v1/chat/completions"
    found, _ = after(path, first.encode(), body.encode())
    assert found == full(path, body.encode())


def test_a_body_that_lacks_its_brace_is_not_taken_for_one_that_lacks_a_member() -> None:
    first = compact(request("/v1/messages", ["a", "b"]))
    read("/v1/messages", first)
    known = BODIES.of(first)
    assert known is not None
    assert known.followed(first) is not None
    assert known.followed(first[first.index(b',"messages"') :]) is None


class Counting:
    """Counts the bytes that are given to a decoder."""

    def __init__(self, decoder: Any, counted: list[int]) -> None:
        self._decoder = decoder
        self._counted = counted

    def decode(self, data: bytes) -> Any:
        self._counted.append(len(data))
        return self._decoder.decode(data)


@pytest.mark.parametrize("path", PATHS)
def test_what_is_new_is_read_and_nothing_else(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    for module, name in (
        (json_object, "_RAW_OBJECT"),
        (part_memory, "_ELEMENTS"),
        (known_body, "_ELEMENTS"),
        (known_body, "_VALUE"),
    ):
        monkeypatch.setattr(module, name, Counting(getattr(module, name), counted))
    said = [f"This is message {number}. " * 40 for number in range(12)]
    first, body = (compact(request(path, said[:count])) for count in (10, 12))
    codec, head = codec_at(path), RequestHead(method="POST", path=path)
    codec.inspect(head, first)
    assert sum(counted) > len(first)
    counted.clear()
    codec.inspect(head, body)
    messages_of(codec.name, body, slice(-2, None))
    codec.inspect(head, body)
    read_again(body)
    # With the marker, the last message that was there is another one.
    new = len(compact([message(path, 0, text) for text in said[9:]]))
    assert sum(counted) <= new + 100
    assert new < len(body) / 3


def test_values_that_stay_are_the_same_objects() -> None:
    """Their hashes are kept in them, so that no byte of them is hashed again."""
    path = "/v1/messages"
    first, body = (compact(request(path, ["a", "b", "c"][:n])) for n in (2, 3))
    _, known = after(path, first, body)
    before = BODIES.of(first)
    assert known is not None
    assert before is not None
    assert known.values["tools"] is before.values["tools"]
    assert len(first) > SMALLEST


def test_a_short_body_is_not_kept() -> None:
    body = compact({"model": "m", "messages": [{"role": "user", "content": "hi"}]})
    read("/v1/chat/completions", body)
    assert BODIES.of(body) is None


class Meddled(dict[str, bytes]):
    """Values whose body another thread takes apart at one of the looks at them."""

    def __init__(
        self, values: dict[str, bytes], look: int, meddle: Callable[[], None]
    ) -> None:
        super().__init__(values)
        self.left = look
        self._meddle = meddle

    def _look(self) -> None:
        self.left -= 1
        if self.left == 0:
            self._meddle()

    def __contains__(self, key: object) -> bool:
        found = super().__contains__(key)
        self._look()
        return found

    def __iter__(self) -> Iterator[str]:
        for key in super().__iter__():
            yield key
            self._look()

    def get(self, key: str, default: Any = None) -> Any:
        found = super().get(key, default)
        self._look()
        return found


def test_a_body_may_be_taken_apart_while_others_are_read_by_it() -> None:
    """Long bodies are inspected in threads, and the first look splits its list."""
    path = "/v1/messages"
    first, body = base(path)
    expected = dict(json_object.read_object(body).values)
    raw = json_object.read_object(first).values["messages"]
    parts = part_memory.PartMemory(lambda _: SeenPart()).parts(raw, "messages")
    assert parts is not None
    look, over = 1, False
    while not over:
        forget()
        request = json_object.read_object(first)
        known = request.known
        assert known is not None
        start, elements = request.spans["messages"][1], parts.elements
        split = partial(known.split, "messages", start, elements, parts)
        values = known.values = Meddled(known.values, look, split)
        assert known.bulk_is_in(body)
        found = known.followed(body)
        assert found is not None
        assert found.all_values() == expected
        assert known.all_values() == dict(request.values)
        over, look = values.left > 0, look + 1
    assert look > len(expected)
