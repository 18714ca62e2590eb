from __future__ import annotations

import pytest

from faregate.control.versions import RESTART, apart


def told(version: str, build: str) -> str | None:
    return apart(version, build, own_version="1.10.0", own_build="b1")


def test_nothing_is_said_of_the_same() -> None:
    assert told("1.10.0", "b1") is None


@pytest.mark.parametrize(
    ("version", "build", "words"),
    [
        ("1.10.0", "", "is older than this program"),
        ("1.10.0", "b2", "is of another build than this program"),
        ("1.9.3", "b2", "is Faregate 1.9.3, older than this program (1.10.0)"),
        ("0.1", "", "is Faregate 0.1, older"),
        ("what", "b1", "is Faregate what, older"),
    ],
)
def test_an_older_proxy_is_replaced(version: str, build: str, words: str) -> None:
    said = told(version, build)
    assert said is not None
    assert words in said
    assert said.endswith(RESTART)


def test_a_newer_proxy_is_left_alone() -> None:
    said = told("1.11.0", "b9")
    assert said is not None
    assert "Faregate 1.11.0, newer than this program (1.10.0)" in said
    assert RESTART not in said
