"""What errors of real providers teach about an output bound."""

from __future__ import annotations

import pytest

from faregate.gateway.learning import Lesson, lesson_of

NAMED = [
    (
        "max_tokens is too large: 32000. This model supports at most 16384 completion "
        "tokens, whereas you provided 32000.",
        16384,
    ),
    (
        "max_tokens: 32000 > 8192, which is the maximum allowed number of output "
        "tokens for claude-3-5-sonnet-20241022",
        8192,
    ),
    ("Range of max_tokens should be [1, 8192]", 8192),
    ("Invalid max_tokens value, the valid range of max_tokens is [1, 8,192]", 8192),
    (
        "`max_tokens` must be less than or equal to `16384`, the maximum value for "
        "`max_tokens` is less than the `context_window` for this model",
        16384,
    ),
]
WINDOWS = [
    (
        "This model's maximum context length is 8192 tokens. However, you requested "
        "33000 tokens (1000 in the messages, 32000 in the completion).",
        7192,
    ),
    (
        "input length and `max_tokens` exceed context limit: 180000 + 32000 > 200000, "
        "decrease input length or `max_tokens` and try again",
        20000,
    ),
    (
        "'max_tokens' is too large: 32000. This model's maximum context length is 8192 "
        "tokens and your request has 1000 input tokens (32000 > 8192 - 1000).",
        7192,
    ),
    (
        "`inputs` tokens + `max_new_tokens` must be <= 8193. Given: 1000 `inputs` "
        "tokens and 32000 `max_new_tokens`",
        7193,
    ),
    ("max_tokens: the model's context window is 8192 tokens", 4096),
]
NOTHING = [
    "The request is not valid.",
    "messages: at least one message is required",
    "Your account is not active, please check your billing details.",
    "",
]


def learn(text: str, field: str = "max_tokens", bound: int = 32_000) -> Lesson | None:
    return lesson_of(text.encode(), field, bound)


@pytest.mark.parametrize(("text", "maximum"), NAMED)
def test_a_maximum_that_is_named_lasts(text: str, maximum: int) -> None:
    assert learn(text) == Lesson(maximum=maximum)


@pytest.mark.parametrize(("text", "maximum"), WINDOWS)
def test_what_the_window_leaves_holds_for_this_request(text: str, maximum: int) -> None:
    assert learn(text) == Lesson(maximum=maximum, lasting=False)


@pytest.mark.parametrize("text", NOTHING)
def test_other_errors_teach_nothing(text: str) -> None:
    assert learn(text) is None


def test_without_a_number_the_bound_is_halved_as_a_guess() -> None:
    lesson = learn("max_tokens is too large for this model")
    assert lesson == Lesson(maximum=16_000, lasting=False, guess=True)
    assert learn("max_tokens is too large for this model", bound=2000) is None


def test_the_date_in_a_models_name_is_no_maximum() -> None:
    lesson = learn("max_tokens is too large for gpt-4o-2024-08-06 and sonnet-4.5")
    assert lesson is not None
    assert lesson.guess


def test_another_field_is_learned_where_one_is_named() -> None:
    text = (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
        "'max_completion_tokens' instead."
    )
    assert learn(text) == Lesson(field="max_completion_tokens")
    text = "Unknown parameter: max_completion_tokens; did you mean max_tokens?"
    assert learn(text, "max_completion_tokens") == Lesson(field="max_tokens")


def test_a_field_that_is_refused_without_another_is_left_out() -> None:
    assert learn("Unsupported parameter: max_tokens") == Lesson(no_field=True)
    assert learn("max_tokens: Extra inputs are not permitted") == Lesson(no_field=True)
