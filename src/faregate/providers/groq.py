"""Groq."""

from __future__ import annotations

from faregate.protocols.flags import USAGE_IN_VENDOR_FIELD
from faregate.providers.spec import (
    OPENAI_CHAT,
    OPENAI_RESPONSES,
    ErrorClass,
    ErrorRule,
    ProviderSpec,
)

SPEC = ProviderSpec(
    name="groq",
    title="Groq",
    base_urls={
        OPENAI_CHAT: "https://api.groq.com/openai/v1",
        OPENAI_RESPONSES: "https://api.groq.com/openai/v1",
    },
    key_env=("GROQ_API_KEY",),
    output_fields={
        OPENAI_CHAT: "max_completion_tokens",
        OPENAI_RESPONSES: "max_output_tokens",
    },
    # 498 says that the flex class has no capacity; nothing has run then.
    unbilled_statuses=frozenset({498, 503}),
    usage_flags=frozenset({USAGE_IN_VENDOR_FIELD}),
    signup="https://console.groq.com/keys",
    error_rules=(
        ErrorRule(error_class=ErrorClass.OVERLOADED, status=498),
        ErrorRule(error_class=ErrorClass.OVERLOADED, status=503),
        ErrorRule(
            error_class=ErrorClass.CONTEXT_OVERFLOW, code="context_length_exceeded"
        ),
    ),
)
