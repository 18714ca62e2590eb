"""Reading one table: declared keys only, all problems collected, secrets kept."""

from __future__ import annotations

import pytest

from faregate.config.kinds import integer, text
from faregate.config.tables import Field, Source, Table, dotted

PORT = Field("port", integer(1, 9), "the port", default=5)
NAME = Field("name", text("[a-z]+", "a name"), "the name")
TOKEN = Field("token", text("[a-z]+", "a token"), "the token", secret=True)


def messages(source: Source) -> list[str]:
    return [str(problem) for problem in source.problems]


def test_values_and_defaults() -> None:
    source = Source()
    table = Table({"port": 7}, source=source, path=("server",))
    assert table.value(PORT) == 7
    assert table.optional(NAME) is None
    assert Table({}, source=source).value(PORT) == 5
    table.finish()
    assert source.problems == []


def test_a_wrong_value_is_told_and_the_default_goes_on() -> None:
    source = Source(lines={("server", "port"): 4})
    table = Table({"port": 77}, source=source, path=("server",))
    assert table.value(PORT) == 5
    assert messages(source) == [
        ":4: server.port: 77 is out of range. It goes from 1 to 9."
    ]


def test_a_missing_required_key_is_told_at_its_table() -> None:
    source = Source(lines={("server",): 2})
    assert Table({}, source=source, path=("server",)).required(NAME) is None
    assert messages(source) == [":2: server: name is missing. It is the name."]


def test_unknown_keys_are_told_with_a_suggestion() -> None:
    source = Source()
    table = Table({"prt": 1, "zzz": 2}, source=source)
    table.value(PORT)
    table.optional(NAME)
    table.finish()
    assert "Did you mean port?" in messages(source)[0]
    assert "Known here: name, port." in messages(source)[1]


def test_a_secret_value_is_never_in_a_message() -> None:
    source = Source()
    Table({"token": "CANARY 1"}, source=source).optional(TOKEN)
    table = Table({"api_key": "CANARY"}, source=source)
    table.finish(secretive=["api_key"], hint="Elsewhere.")
    assert len(source.problems) == 2
    assert "CANARY" not in "".join(messages(source))


@pytest.mark.parametrize("value", [1, "x", [1], [{}, 1]])
def test_tables_of_the_wrong_shape(value: object) -> None:
    source = Source()
    top = Table({"a": value}, source=source)
    assert top.tables("a") == []
    assert len(source.problems) == 1
    assert top.table("a").names() == ()
    assert len(source.problems) == 2


def test_a_default_that_is_not_there_is_a_fault_of_ours() -> None:
    with pytest.raises(ValueError, match="no default"):
        Table({}, source=Source()).value(NAME)


def test_paths_are_written_as_in_the_file() -> None:
    assert dotted(("prices", "openai/gpt-5", "tiers", 0, "input")) == (
        'prices."openai/gpt-5".tiers[1].input'
    )
    assert dotted(("a", "")) == 'a.""'
