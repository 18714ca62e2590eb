"""Embeddings requests: facts and splices."""

from __future__ import annotations

from typing import Any

import pytest

from faregate.core.facts import Work
from faregate.protocols.codec import Splice
from tests.protocols.requests import codec_at, inspect

PATH = "/v1/embeddings"
CODEC = codec_at(PATH)


@pytest.mark.parametrize(
    ("given", "messages", "media"),
    [
        ("hi", 1, False),
        (None, 1, False),
        (["a", "b"], 2, False),
        ([1, 2, 3], 1, False),
        ([[1, 2], [3]], 2, False),
        ([{"type": "image_url"}], 1, True),
    ],
)
def test_facts(given: Any, messages: int, media: bool) -> None:
    found = inspect(PATH, {"model": "m", "input": given, "encoding_format": "base64"})
    assert found.protocol == "openai_embeddings"
    assert found.work is Work.EMBEDDING
    assert not found.stream
    assert found.output_bound is None
    assert (found.messages, found.media) == (messages, media)


def test_splices() -> None:
    body = b'{"input":"x", "model":"m"}'
    assert CODEC.splice(body, Splice(model="n")) == b'{"input":"x", "model":"n"}'
    assert CODEC.splice(body, Splice(output_bound=5, include_usage=True)) is body


@pytest.mark.parametrize(
    ("given", "inputs"),
    [("abc", 1), (["a", "b", "c"], 3), ([1, 2, 3], 1), ([[1, 2], [3]], 2)],
)
def test_each_input_of_a_batch_counts(given: Any, inputs: int) -> None:
    assert inspect(PATH, {"model": "m", "input": given}).inputs == inputs
