"""Telling that one request extends another, whatever cache markers move."""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any

import pytest

from faregate.protocols import conversation
from faregate.protocols.conversation import conversation_of, unread_conversation
from faregate.protocols.part_memory import NO_PARTS, PartMemory, Parts, SeenPart
from tests.protocols.requests import inspect

MARK = b'"cache_control":{"type":"ephemeral"}'


def spoken(piece: bytes) -> SeenPart:
    return SeenPart(user=b"hi" in piece)


def parts(*texts: bytes) -> Parts:
    found = PartMemory(spoken).parts(b"[" + b",".join(texts) + b"]", "messages")
    assert found is not None
    return found


def test_a_longer_conversation_begins_with_the_shorter_one() -> None:
    first = b'{"role":"user","content":[{"type":"text","text":"hi",' + MARK + b"}]}"
    again = b'{"role":"user","content":[{"type":"text","text":"hi"}]}'
    one = conversation_of((1,), b"sys", parts(first))
    two = conversation_of((1,), b"sys", parts(again, b'{"x":1}'))
    assert one.fixed == two.fixed
    assert two.parts[:1] == one.parts
    assert one.sizes == (len(first),)
    assert two.sizes == (len(again), 7)
    assert one.opening == two.opening


def test_another_model_or_system_text_is_another_conversation() -> None:
    fixed = {
        conversation_of((model,), system, NO_PARTS).fixed
        for model in (1, 2)
        for system in (b"", b"sys")
    }
    assert len(fixed) == 4


def test_the_opening_is_stable_across_processes() -> None:
    first, later = b'"hi"', b'"later"'
    opening = conversation_of((), b'"sys"', parts(first, later)).opening
    assert opening == hashlib.sha256(b'"sys"\0"hi"').hexdigest()[:12]
    assert conversation_of((), b'"sys"', parts(first)).opening == opening
    for system, others in ((b'"s"', (first,)), (b'"sys"', (later, first)), (b"", ())):
        assert conversation_of((), system, parts(*others)).opening != opening


def test_the_opening_of_many_system_texts_and_of_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(conversation, "_SYSTEMS", 3)
    for number in (*range(5), *range(5)):
        for name in (b'"hi"', b'"hi you"'):
            system = b'"system %d"' % number
            whole = hashlib.sha256(system + b"\0" + name).hexdigest()[:12]
            assert conversation_of((), system, parts(name)).opening == whole
            conversation._openings.clear()
    assert len(conversation._systems) <= 3


def test_messages_that_cannot_be_told_apart() -> None:
    one, two = (unread_conversation((1,), raw) for raw in (b"[1]", b"[2]"))
    assert one.parts == two.parts == ()
    assert one.opening != two.opening
    assert one.fixed != two.fixed


def test_nothing_of_the_text_is_kept() -> None:
    secret = json.dumps({"content": "canary-4711"}).encode()
    found = conversation_of((hash(secret),), secret, parts(secret))
    assert "canary" not in repr(found)


def test_little_is_kept_of_a_long_opening(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing bounds how many messages stand before the first of a user's."""
    openings: dict[int, str] = {}
    monkeypatch.setattr(conversation, "_openings", openings)
    found = {
        inspect(
            "/v1/chat/completions",
            {"model": "m", "messages": [{"content": f"{n}"}, *[{}] * 5000]},
        ).conversation.opening
        for n in (1, 2, 1)
    }
    assert len(found) == len(openings) == 2
    assert all(sys.getsizeof(key) < 100 for key in openings)


SHOWN = {"documents": ["d" * 9_000], "response_format": {"type": "json_schema"}}
PLACES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "hi"}]},
    "/v1/messages": {"messages": [{"role": "user", "content": "hi"}]},
    "/v1/responses": {"input": [{"role": "user", "content": "hi"}]},
    "/v1/completions": {"prompt": "hi"},
    "/v1beta/models/m:generateContent": {"contents": [{"parts": [{"text": "hi"}]}]},
}


@pytest.mark.parametrize("path", PLACES)
def test_what_else_a_model_is_shown_makes_another_conversation(path: str) -> None:
    body = {"model": "m", **PLACES[path]}
    plain = inspect(path, body).conversation
    for name, value in SHOWN.items():
        assert inspect(path, {**body, name: value}).conversation.fixed != plain.fixed
    assert inspect(path, {**body, "user": "u"}).conversation == plain
