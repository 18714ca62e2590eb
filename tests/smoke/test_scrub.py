"""No secret and no control character gets through, and nothing long."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.smoke.scrub import HIDDEN, MAX_BODY, scrub, scrub_bytes

KEY = "my-odd-secret-value"


@pytest.mark.parametrize(
    "text",
    [
        f"bad key {KEY}!",
        f"x{KEY}x",
        "Incorrect API key provided: sk-proj-abcdef1234567890",
        "Bearer abcdef123456",
        "use fg-abcdef1234567890",
        "AIzaSyA1234567890abcdef",
    ],
)
def test_secrets_are_hidden(text: str) -> None:
    shown = scrub(text, KEY)
    assert HIDDEN in shown
    for secret in (KEY, "abcdef123456", "1234567890"):
        assert secret not in shown


def test_ordinary_words_stay() -> None:
    text = "401 invalid_api_key: token expired for model gpt-x-2026"
    assert scrub(text) == text


def test_a_secret_on_the_line_of_the_cut_is_not_halved() -> None:
    text = "x" * (MAX_BODY - 5) + KEY
    assert KEY[:6] not in scrub(text, KEY)


@settings(max_examples=50)
@given(st.binary(max_size=2000))
def test_any_body_becomes_one_short_harmless_line(body: bytes) -> None:
    shown = scrub_bytes(body, KEY)
    assert len(shown) <= MAX_BODY
    assert shown == "" or shown.isprintable() or "\ufffd" in shown
    assert "\n" not in shown
    assert "\x1b" not in shown
