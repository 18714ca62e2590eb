"""Cohere, by its OpenAI layer."""

from __future__ import annotations

from faregate.providers.spec import (
    OPENAI_CHAT,
    ErrorClass,
    ErrorRule,
    ProviderSpec,
    max_tokens,
)

SPEC = ProviderSpec(
    name="cohere",
    title="Cohere",
    base_urls={OPENAI_CHAT: "https://api.cohere.ai/compatibility/v1"},
    key_env=("COHERE_API_KEY",),
    model_prefixes=("command-", "embed-"),
    output_fields=max_tokens(OPENAI_CHAT),
    # Billing limit reached is said instead of an answer.
    unbilled_statuses=frozenset({402}),
    signup="https://dashboard.cohere.com/api-keys",
    error_rules=(ErrorRule(error_class=ErrorClass.QUOTA_EXHAUSTED, status=402),),
)
