"""What a request says beside its messages is read once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from faregate.protocols import frames
from faregate.protocols.codec import BadRequestError
from faregate.protocols.frames import Frames
from faregate.protocols.json_object import JsonObject, read_object


class Reader:
    """Counts what it reads."""

    def __init__(self) -> None:
        self.read: list[bytes | None] = []

    def __call__(self, request: JsonObject) -> bytes | None:
        model = request.get("model")
        self.read.append(model)
        if model == b"1":
            raise BadRequestError("no model")
        return model


def body(**members: Any) -> JsonObject:
    return read_object(json.dumps({"model": "m", **members}).encode())


def test_another_turn_is_not_read_again() -> None:
    reader = Reader()
    known = Frames(reader, "messages")
    assert known.of(body(messages=[1])) == known.of(body(messages=[1, 2])) == b'"m"'
    assert len(reader.read) == 1


@pytest.mark.parametrize(
    "members",
    [
        {"stream": True},
        {"model": "n"},
        {"Messages": []},
        {"max_tokens": 1},
        {"a": None},
    ],
)
def test_anything_else_that_changes_is_read(members: dict[str, Any]) -> None:
    reader = Reader()
    known = Frames(reader, "messages")
    for said in ({}, members, {}):
        request = body(messages=[1], **said)
        assert known.of(request) == request.get("model")
    assert len(reader.read) == 2


def test_a_value_that_moves_to_another_member_is_read() -> None:
    reader = Reader()
    known = Frames(reader, "messages")
    for said in ({"a": 12, "b": 3}, {"a": 1, "b": 23}, {"b": 12, "a": 3}):
        known.of(body(**said))
    assert len(reader.read) == 3


def test_a_fault_is_not_remembered() -> None:
    reader = Reader()
    known = Frames(reader, "messages")
    for _ in range(2):
        with pytest.raises(BadRequestError):
            known.of(body(model=1))
    assert len(reader.read) == 2


def test_no_text_is_kept_and_not_without_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(frames, "_REMEMBERED", 4)
    known = Frames(lambda _: 7, "messages")
    for number in range(10):
        known.of(body(system=f"canary-{number}"))
    assert len(known._known) <= 4
    assert "canary" not in repr(known._known)
