"""Which bodies are kept, and by which of them the next one is read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from faregate.protocols.body_memory import BodyMemory
from faregate.protocols.known_body import MOST_MEMBERS, KnownBody

NAMES = frozenset({"model"})
PARTS: Any = None


def written(name: str, count: int, size: int = 10) -> bytes:
    said = [f"{name} says {number} " + "x" * size for number in range(count)]
    document = {"model": "m", "messages": said, "tools": ["t" * 50]}
    return json.dumps(document, separators=(",", ":")).encode()


def learn(memory: BodyMemory, body: bytes, names: frozenset[str] = NAMES) -> KnownBody:
    document = json.loads(body)
    values = {
        key: json.dumps(value, separators=(",", ":")).encode()
        for key, value in document.items()
    }
    spans: dict[str, tuple[int, int, int]] = {}
    at = 1
    for key, value in values.items():
        start = at + len(key) + 3
        spans[key] = (at, start, start + len(value))
        at = start + len(value) + 1
    known = memory.learn(body, names, values, spans)
    assert known is not None
    elements = [json.dumps(each).encode() for each in document["messages"]]
    known.split("messages", spans["messages"][1], elements, PARTS)
    return known


def kept(memory: BodyMemory, *bodies: bytes) -> list[bool]:
    return [memory.of(body) is not None for body in bodies]


def test_each_conversation_is_read_by_its_own() -> None:
    memory = BodyMemory()
    for name in ("anna", "bert", "carl"):
        learn(memory, written(name, 6))
    for name in ("bert", "anna", "carl"):
        found = memory.read(written(name, 8), NAMES)
        assert found is not None
        assert found.grows is not None
        assert found.grows.shared == 6


def test_a_short_conversation_is_known_though_its_cache_marker_moves_away() -> None:
    memory = BodyMemory()
    marker = ", cached for an hour"
    for name in ("anna", "bert", "carl"):
        last = f"{name} says 2 {'x' * 200}".encode()
        body = written(name, 3, 200)
        learn(memory, body.replace(last, last + marker.encode()))
    for name in ("anna", "carl", "bert"):
        found = memory.read(written(name, 5, 200), NAMES)
        assert found is not None
        assert found.grows is not None
        assert found.grows.shared == 2


def test_what_a_later_body_says_too_is_dropped() -> None:
    memory = BodyMemory()
    first, second, fork = written("a", 6), written("a", 8), written("a", 2)
    learn(memory, first)
    memory.read(second, NAMES)
    assert kept(memory, first, second) == [False, True]
    memory.read(fork, NAMES)
    assert kept(memory, second, fork) == [True, True]


def test_a_body_that_was_guarded_otherwise_proves_nothing() -> None:
    memory = BodyMemory()
    learn(memory, written("a", 6))
    assert memory.read(written("a", 7), frozenset({"model", "x"})) is None


def test_a_body_like_no_other() -> None:
    memory = BodyMemory()
    learn(memory, written("a", 6))
    assert memory.read(b'{"prompt":"' + b"x" * 5000 + b'"}', NAMES) is None


def test_so_many_bodies_and_so_many_bytes() -> None:
    bodies = [written(name, 4) for name in "abcd"]
    memory = BodyMemory(bodies=2)
    for body in bodies:
        learn(memory, body)
    assert kept(memory, *bodies) == [False, False, True, True]
    memory = BodyMemory(size=2 * len(bodies[0]) * 2)
    for body in bodies:
        learn(memory, body)
    assert kept(memory, *bodies) == [False, False, True, True]
    memory = BodyMemory(size=10)
    learn(memory, bodies[0])
    assert kept(memory, bodies[0]) == [False]


def test_the_same_body_counts_once() -> None:
    body, other = written("a", 4), written("b", 4)
    memory = BodyMemory(size=2 * len(body) * 2)
    for _ in range(5):
        learn(memory, body)
    learn(memory, other)
    assert kept(memory, body, other) == [True, True]


def test_what_nobody_comes_back_to_is_dropped() -> None:
    memory = BodyMemory()
    idle, used = written("a", 6), written("b", 6)
    learn(memory, idle)
    learn(memory, used)
    memory.forget_idle()
    assert kept(memory, idle, used) == [True, True]
    later = written("b", 7)
    memory.read(later, NAMES)
    memory.forget_idle()
    assert kept(memory, idle, used, later) == [False, False, True]
    memory.forget()
    assert kept(memory, later) == [False]


def test_a_new_conversation_is_read_by_one_with_the_same_tools() -> None:
    memory = BodyMemory()
    main, helper = written("a", 2), written("b", 3).replace(b"tttt", b"uuuu")
    known = learn(memory, main)
    learn(memory, helper)
    for count in (1, 5):
        found = memory.read(written("other", count), NAMES)
        assert found is not None
        assert found.values["tools"] is known.values["tools"]
        memory.forget()
        known = learn(memory, main)
        learn(memory, helper)


def test_crumbs_are_not_kept_in_pieces() -> None:
    """Each of them would take many times its text, and what is kept is bounded."""
    memory = BodyMemory()
    crumbs = b",".join([b'"%d"' % number for number in range(4000)])
    last = b'],"tools'
    known = learn(memory, written("a", 1).replace(last, b"," + crumbs + last))
    assert known.grows is None
    assert known.all_values()["messages"].endswith(crumbs + b"]")
    assert learn(memory, written("b", 6)).grows is not None
    grown = written("b", 6).replace(last, b"," + crumbs + last)
    assert memory.read(grown, NAMES) is None
    assert kept(memory, grown) == [False]


@pytest.mark.parametrize("count", [MOST_MEMBERS, MOST_MEMBERS + 1])
def test_a_body_of_very_many_members_is_not_kept(count: int) -> None:
    """For each that the next one lacks, all of that would be searched again."""
    members = [b'"a%03d":"%0200d"' % (number, number) for number in range(count)]
    body = b"{" + b",".join(members) + b"}"
    each = len(members[0]) + 1
    starts = range(1, len(body), each)
    spans = {
        f"a{number:03}": (start, start + len('"a000":'), start + each - 1)
        for number, start in enumerate(starts)
    }
    values = {key: body[start:end] for key, (_, start, end) in spans.items()}
    known = BodyMemory().learn(body, NAMES, values, spans)
    assert (known is not None) == (count == MOST_MEMBERS)
