"""Members of a request's objects: right types, or a clear refusal that names them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from faregate.protocols.codec import BadRequestError
from faregate.protocols.members import (
    Members,
    json_object,
    object_text,
    read_members,
    schema_of,
)

FULL = {
    "text": "a",
    "number": 1.5,
    "whole": 2,
    "flag": True,
    "object": {"inner": "x"},
    "list": [{"a": 1}],
    "texts": ["a", "b"],
}


def test_members_of_the_right_type() -> None:
    found = Members(FULL)
    assert found.text("text") == found.needed("text") == "a"
    assert (found.number("number"), found.integer("whole")) == (1.5, 2)
    assert found.flag("flag") is True
    inner = found.object("object")
    assert inner is not None
    assert (inner.where, inner.text("inner")) == ("object", "x")
    assert found.mapping("object") == {"inner": "x"}
    assert [item.where for item in found.objects("list")] == ["list[0]"]
    assert found.texts("texts") == ("a", "b")
    assert found.texts("text") == ("a",)
    assert not found.unread()


def test_absent_members() -> None:
    found = Members({"null": None})
    for key in ("null", "absent"):
        readers = (found.text, found.number, found.flag, found.integer)
        assert [read(key) for read in readers] == [None] * 4
        assert found.object(key) is None
        assert found.mapping(key) is None
        assert list(found.objects(key)) == []
        assert found.texts(key) == ()


WRONG: list[tuple[str, Callable[[Members], Any]]] = [
    ("a string", lambda m: m.text("x")),
    ("a string", lambda m: m.needed("absent")),
    ("a number", lambda m: m.number("x")),
    ("a number", lambda m: m.number("flag")),
    ("a whole number", lambda m: m.integer("half")),
    ("true or false", lambda m: m.flag("x")),
    ("an object", lambda m: m.object("x")),
    ("an object", lambda m: m.mapping("x")),
    ("a list", lambda m: list(m.objects("half"))),
    ("an object", lambda m: list(m.objects("x"))),
    ("a list of strings", lambda m: m.texts("x")),
]


@pytest.mark.parametrize(("what", "read"), WRONG)
def test_a_wrong_type_is_refused_by_its_name(
    what: str, read: Callable[[Members], Any]
) -> None:
    with pytest.raises(BadRequestError, match=f"must be {what}"):
        read(Members({"x": [1], "flag": True, "half": 0.5}))


def test_what_nobody_asked_for_is_known() -> None:
    found = Members({"a": 1, "b": 2, "empty": [], "off": False, "null": None})
    assert found.unread()
    assert found.unread(["a"])
    assert not found.unread(["a", "b"])


@pytest.mark.parametrize("body", [b"[]", b"1", b"{", b'"a"'])
def test_a_body_that_is_no_object(body: bytes) -> None:
    with pytest.raises(BadRequestError):
        read_members(body)


@pytest.mark.parametrize(
    ("text", "value"),
    [('{"a":1}', {"a": 1}), ("", {}), (" ", {}), ("[]", None), ("{", None)],
)
def test_json_text_as_an_object(text: str, value: dict[str, int] | None) -> None:
    assert json_object(text) == value


def test_text_of_an_object() -> None:
    assert object_text({"a": "ä"}) == '{"a":"ä"}'


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": ["object"]},
        {"type": "object", "properties": []},
        [],
        "object",
    ],
)
def test_a_malformed_tool_schema_is_refused(schema: object) -> None:
    with pytest.raises(BadRequestError, match="parameters"):
        schema_of(Members({"parameters": schema}, "tools[0]"), "parameters")


def test_a_schema_that_is_absent_allows_nothing() -> None:
    assert schema_of(Members({}), "parameters") == {"type": "object", "properties": {}}
    given = {"type": "OBJECT", "properties": {}}
    assert schema_of(Members({"parameters": given}), "parameters") == given


def test_content_of_an_unknown_kind_is_refused_by_its_place() -> None:
    refusal = Members({}, "messages[0].content[1]").unknown("hologram" * 20)
    assert refusal.param == "messages[0].content[1]"
    assert refusal.message.startswith("`messages[0].content[1]`: content of the kind")
    assert len(refusal.message) < 150
