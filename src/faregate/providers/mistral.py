"""Mistral."""

from __future__ import annotations

from faregate.providers.spec import (
    OPENAI_CHAT,
    ErrorClass,
    ErrorRule,
    ProviderSpec,
    max_tokens,
)

SPEC = ProviderSpec(
    name="mistral",
    title="Mistral",
    base_urls={OPENAI_CHAT: "https://api.mistral.ai/v1"},
    key_env=("MISTRAL_API_KEY",),
    model_prefixes=(
        "mistral-",
        "ministral-",
        "magistral-",
        "devstral-",
        "codestral-",
        "pixtral-",
        "open-mistral-",
    ),
    output_fields=max_tokens(OPENAI_CHAT),
    # Payment required, and unavailable: both are said instead of an answer.
    unbilled_statuses=frozenset({402, 503}),
    signup="https://console.mistral.ai/api-keys",
    # Error bodies are flat: no "error" object around them.
    error_rules=(
        ErrorRule(error_class=ErrorClass.QUOTA_EXHAUSTED, status=402),
        ErrorRule(error_class=ErrorClass.MODEL_UNKNOWN, code="unknown_model"),
        ErrorRule(error_class=ErrorClass.OVERLOADED, status=503),
    ),
)
