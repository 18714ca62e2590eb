"""An error body becomes the event that ends an answer."""

from __future__ import annotations

from faregate.protocols.events import Failed
from faregate.protocols.failures import failure_in


def test_the_words_and_the_code_are_the_providers() -> None:
    body = b'{"error":{"message":"It is full.","type":"x","code":"overloaded"}}'
    assert failure_in(body) == Failed("It is full.", "overloaded")


def test_what_says_nothing_gets_words_of_ours() -> None:
    assert failure_in(b"<html>") == Failed("the answer cannot be read", None)
