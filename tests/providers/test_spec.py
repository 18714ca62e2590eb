"""A provider's entry: which URL and which way of sending a key apply."""

from __future__ import annotations

import pytest

from faregate.providers.spec import (
    ANTHROPIC_MESSAGES,
    GEMINI,
    OPENAI_CHAT,
    OPENAI_RESPONSES,
    AuthScheme,
    OnAbort,
    ProviderSpec,
    max_tokens,
)

SPEC = ProviderSpec(
    name="somebody",
    title="Somebody",
    base_urls={
        OPENAI_CHAT: "https://api.example.com/v1",
        ANTHROPIC_MESSAGES: "https://api.example.com",
    },
    auth_for={ANTHROPIC_MESSAGES: AuthScheme.X_API_KEY},
    regions={"cn": {OPENAI_CHAT: "https://api.example.cn/v1"}},
)


def test_a_region_replaces_the_urls_and_lends_none() -> None:
    assert SPEC.base_url(OPENAI_CHAT) == "https://api.example.com/v1"
    assert SPEC.base_url(OPENAI_CHAT, "cn") == "https://api.example.cn/v1"
    assert SPEC.base_url(ANTHROPIC_MESSAGES, "cn") is None
    assert SPEC.base_url(OPENAI_RESPONSES) is None


def test_an_unknown_region_is_an_error() -> None:
    with pytest.raises(KeyError):
        SPEC.base_url(OPENAI_CHAT, "mars")


def test_a_protocol_may_send_its_key_in_another_way() -> None:
    assert SPEC.auth_scheme(OPENAI_CHAT) is AuthScheme.BEARER
    assert SPEC.auth_scheme(ANTHROPIC_MESSAGES) is AuthScheme.X_API_KEY


def test_what_nobody_said_takes_the_safe_value() -> None:
    assert SPEC.on_abort is OnAbort.HOLD
    assert SPEC.unbilled_statuses == frozenset()
    assert SPEC.tokenizer is None
    assert not SPEC.local


def test_the_usual_output_fields() -> None:
    assert max_tokens(OPENAI_CHAT, OPENAI_RESPONSES, ANTHROPIC_MESSAGES, GEMINI) == {
        OPENAI_CHAT: "max_tokens",
        OPENAI_RESPONSES: "max_output_tokens",
        ANTHROPIC_MESSAGES: "max_tokens",
        GEMINI: "maxOutputTokens",
    }
