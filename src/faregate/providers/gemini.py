"""Google's Gemini API: its native protocol and its OpenAI layer."""

from __future__ import annotations

from faregate.providers.spec import (
    GEMINI,
    OPENAI_CHAT,
    AuthScheme,
    ErrorClass,
    ErrorRule,
    ProviderSpec,
    max_tokens,
)

SPEC = ProviderSpec(
    name="gemini",
    title="Google Gemini",
    base_urls={
        GEMINI: "https://generativelanguage.googleapis.com",
        OPENAI_CHAT: "https://generativelanguage.googleapis.com/v1beta/openai",
    },
    auth=AuthScheme.BEARER,
    auth_for={GEMINI: AuthScheme.X_GOOG_API_KEY},
    key_env=("GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY"),
    model_prefixes=("gemini-",),
    output_fields=max_tokens(GEMINI, OPENAI_CHAT),
    # No prepaid credit, and overloaded: both are said instead of an answer. A request
    # that fails with 500 is not charged, by its page on billing.
    unbilled_statuses=frozenset({402, 500, 503}),
    translated_to=GEMINI,
    signup="https://aistudio.google.com/apikey",
    error_rules=(
        ErrorRule(
            error_class=ErrorClass.PERMISSION, status=400, code="FAILED_PRECONDITION"
        ),
        ErrorRule(error_class=ErrorClass.AUTH, status=400, text="API key not valid"),
        ErrorRule(
            error_class=ErrorClass.CONTEXT_OVERFLOW,
            status=400,
            text="exceeds the maximum number of tokens",
        ),
    ),
)
