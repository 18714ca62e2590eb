"""The line of every key, whatever TOML was used to write it."""

from __future__ import annotations

import tomllib

import pytest

from faregate.config.toml_lines import KeyPath, key_lines, line_of

TEXT = '''# a comment [not.a.table]
top = 1  # = 2

[a.b]  # [c]
x = "# [no] = 1"
"quoted key" = """
[fake]
x = 5
"""
'single.dotted' = \'\'\'
[[fake]]\'\'\'
y.z = [
  1, # ]
  { p = 1, q = { r = "]" } },
]

[[list]]
name = 'one'
[[list.inner]]
v = 1979-05-27T07:32:00Z
[[list.inner]]
v = -1.5e3
[[list]]
name = "two\\\\"
[list.table]
w = true
'''

EXPECTED: dict[KeyPath, int] = {
    ("top",): 2,
    ("a",): 4,
    ("a", "b"): 4,
    ("a", "b", "x"): 5,
    ("a", "b", "quoted key"): 6,
    ("a", "b", "single.dotted"): 10,
    ("a", "b", "y"): 12,
    ("a", "b", "y", "z"): 12,
    ("a", "b", "y", "z", 1, "p"): 14,
    ("a", "b", "y", "z", 1, "q"): 14,
    ("a", "b", "y", "z", 1, "q", "r"): 14,
    ("list",): 17,
    ("list", 0): 17,
    ("list", 0, "name"): 18,
    ("list", 0, "inner"): 19,
    ("list", 0, "inner", 0): 19,
    ("list", 0, "inner", 0, "v"): 20,
    ("list", 0, "inner", 1): 21,
    ("list", 0, "inner", 1, "v"): 22,
    ("list", 1): 23,
    ("list", 1, "name"): 24,
    ("list", 1, "table"): 25,
    ("list", 1, "table", "w"): 26,
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_key_has_its_line(newline: str) -> None:
    text = TEXT.replace("\n", newline)
    tomllib.loads(text)
    assert key_lines(text) == EXPECTED


def test_a_missing_key_has_the_line_of_the_table_around_it() -> None:
    lines = key_lines(TEXT)
    assert line_of(lines, ("list", 1, "table", "nothing", "deeper")) == 25
    assert line_of(lines, ("nothing",)) is None
    assert line_of(lines, ()) is None


@pytest.mark.parametrize("text", ["= 1", "x = {", "[", "[[a", 'x = "', "x"])
def test_text_that_is_no_toml_has_no_lines(text: str) -> None:
    assert key_lines(text) == {}
