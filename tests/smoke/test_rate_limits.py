"""Rate-limit headers of every known family, and every form of a reset."""

from __future__ import annotations

import pytest

from faregate.smoke.rate_limits import RateLimit, read_rate_limits

NOW = 1_790_000_000.0


def read(headers: dict[str, str]) -> dict[str, RateLimit]:
    return {one.what: one for one in read_rate_limits(headers, now=NOW)}


def test_openai_and_groq() -> None:
    found = read(
        {
            "x-ratelimit-limit-requests": "14400",
            "x-ratelimit-remaining-requests": "14370",
            "x-ratelimit-reset-requests": "2m59.56s",
            "X-RateLimit-Limit-Tokens": "18000",
            "X-RateLimit-Remaining-Tokens": "17997",
            "X-RateLimit-Reset-Tokens": "7.66s",
        }
    )
    assert found["requests"].remaining == 14370
    assert found["requests"].reset_s == pytest.approx(179.56)
    assert found["tokens"] == RateLimit(
        what="tokens", limit=18000, remaining=17997, reset_s=7.66
    )


def test_azure_says_minus_one_for_unknown() -> None:
    found = read(
        {
            "x-ratelimit-limit-tokens": "-1",
            "x-ratelimit-remaining-tokens": "-1",
            "x-ratelimit-reset-tokens": "0",
        }
    )
    assert found["tokens"].limit is None
    assert found["tokens"].remaining is None


def test_anthropic() -> None:
    found = read(
        {
            "anthropic-ratelimit-input-tokens-limit": "30000",
            "anthropic-ratelimit-input-tokens-remaining": "29000",
            "anthropic-ratelimit-input-tokens-reset": "2026-09-21T14:13:25Z",
            "anthropic-ratelimit-requests-limit": "50",
        }
    )
    assert set(found) == {"input-tokens", "requests"}
    assert found["input-tokens"].reset_s == pytest.approx(5.0)


@pytest.mark.parametrize("reset", ["1790000030", "1790000030000", "30", "30s"])
def test_moonshot_in_any_form_of_reset(reset: str) -> None:
    found = read(
        {
            "X-RateLimit-Limit": "60",
            "X-RateLimit-Remaining": "59",
            "X-RateLimit-Reset": reset,
        }
    )
    assert found[""].remaining == 59
    assert found[""].reset_s == pytest.approx(30)


def test_mistral() -> None:
    found = read(
        {
            "x-ratelimitbysize-limit-minute": "500000",
            "x-ratelimitbysize-remaining-minute": "499980",
            "ratelimitbysize-reset": "41",
        }
    )
    assert found["size"] == RateLimit(
        what="size", limit=500000, remaining=499980, reset_s=41
    )


def test_sambanova() -> None:
    found = read(
        {
            "x-ratelimit-remaining-requests": "9",
            "x-ratelimit-remaining-requests-day": "999",
        }
    )
    assert found["requests"].remaining == 9
    assert found["requests-day"].remaining == 999


def test_fireworks_states_limits_alone() -> None:
    found = read({"X-Ratelimit-Limit-Tokens-Prompt": "60000"})
    assert found["tokens-prompt"].limit == 60000
    assert found["tokens-prompt"].remaining is None


def test_together_counts_tokens_under_a_name_of_its_own() -> None:
    found = read({"x-ratelimit-remaining": "59", "x-tokenlimit-remaining": "6000"})
    assert found[""].remaining == 59
    assert found["tokens"].remaining == 6000


@pytest.mark.parametrize("value", ["", "many", "1e9", "0x10", "١٢", "9" * 400])
def test_odd_values_are_left_out(value: str) -> None:
    found = read(
        {
            "x-ratelimit-remaining-tokens": value,
            "x-ratelimit-limit-tokens": "5",
            "x-ratelimit-reset-tokens": value,
            "x-request-id": "7",
        }
    )
    assert found == {"tokens": RateLimit(what="tokens", limit=5)}
