"""Together AI."""

from __future__ import annotations

from faregate.protocols.quirks import (
    CHAT_TOP_K,
)
from faregate.providers.spec import (
    OPENAI_CHAT,
    ErrorClass,
    ErrorRule,
    ProviderSpec,
    max_tokens,
)

SPEC = ProviderSpec(
    name="together",
    title="Together AI",
    base_urls={OPENAI_CHAT: "https://api.together.ai/v1"},
    key_env=("TOGETHER_API_KEY", "TOGETHER_AI_API_KEY", "TOGETHERAI_API_KEY"),
    output_fields=max_tokens(OPENAI_CHAT),
    # Spending limit reached, and too busy: both are said instead of an answer.
    unbilled_statuses=frozenset({402, 503}),
    regions={"legacy": {OPENAI_CHAT: "https://api.together.xyz/v1"}},
    quirks=frozenset({CHAT_TOP_K}),
    signup="https://api.together.ai/settings/api-keys",
    error_rules=(
        ErrorRule(error_class=ErrorClass.QUOTA_EXHAUSTED, status=402),
        # Documented: input and output bound together pass the context.
        ErrorRule(
            error_class=ErrorClass.CONTEXT_OVERFLOW, status=403, text="max_tokens"
        ),
        ErrorRule(error_class=ErrorClass.OVERLOADED, status=503),
    ),
)
