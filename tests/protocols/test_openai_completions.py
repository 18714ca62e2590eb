"""Legacy Completions requests: facts and splices."""

from __future__ import annotations

from typing import Any

import pytest

from faregate.core.facts import Work
from faregate.protocols.codec import Splice
from tests.protocols.requests import codec_at, inspect

PATH = "/v1/completions"
CODEC = codec_at(PATH)


def facts(**fields: Any) -> Any:
    return inspect(PATH, {"model": "m", "prompt": "hi", **fields})


def test_a_plain_request() -> None:
    found = facts(max_tokens=5, stream=True)
    assert found.protocol == "openai_completions"
    assert found.work is Work.GENERATION
    assert (found.output_bound, found.output_field) == (5, "max_tokens")
    assert (found.stream, found.wants_usage) == (True, False)
    assert facts(stream=True, stream_options={"include_usage": True}).wants_usage


@pytest.mark.parametrize(
    ("prompt", "prompts"),
    [
        ("hi", 1),
        (None, 1),
        ([1, 2, 3], 1),
        ([], 1),
        (["a", "b"], 2),
        ([[1, 2], [3]], 2),
    ],
)
def test_each_prompt_is_answered(prompt: object, prompts: int) -> None:
    found = facts(prompt=prompt, n=3)
    assert (found.messages, found.choices) == (prompts, 3 * prompts)


def test_the_best_of_several_is_billed_for_all() -> None:
    assert facts(best_of=5).choices == 5
    assert facts(best_of=5, n=7).choices == 7


def test_splices() -> None:
    body = b'{"model":"m","prompt":"x","stream":true}'
    changes = Splice(
        model="n",
        output_field="max_completion_tokens",
        output_bound=5,
        include_usage=True,
    )
    assert CODEC.splice(body, changes) == (
        b'{"max_tokens":5,"stream_options":{"include_usage":true},'
        b'"model":"n","prompt":"x","stream":true}'
    )
    assert CODEC.splice(body, Splice()) == body


def test_each_prompt_of_a_batch_counts() -> None:
    assert facts(prompt=["a", "b", "c"]).inputs == 3
    assert facts(prompt="abc").inputs == 1
    assert facts(prompt=[1, 2, 3]).inputs == 1
