"""OpenRouter: one key in front of many vendors."""

from __future__ import annotations

from faregate.protocols.flags import REPORTS_COST_USD
from faregate.protocols.quirks import (
    CACHE_MARKS,
    CHAT_TOP_K,
    REASONING_EFFORT,
    TEXT_PARTS,
)
from faregate.providers.spec import (
    ANTHROPIC_MESSAGES,
    OPENAI_CHAT,
    OPENAI_RESPONSES,
    BalanceEndpoint,
    BalanceKind,
    ErrorClass,
    ErrorRule,
    OnAbort,
    ProviderSpec,
    max_tokens,
)

SPEC = ProviderSpec(
    name="openrouter",
    title="OpenRouter",
    base_urls={
        OPENAI_CHAT: "https://openrouter.ai/api/v1",
        OPENAI_RESPONSES: "https://openrouter.ai/api/v1",
        ANTHROPIC_MESSAGES: "https://openrouter.ai/api",
    },
    key_env=("OPENROUTER_API_KEY",),
    output_fields=max_tokens(OPENAI_CHAT, OPENAI_RESPONSES, ANTHROPIC_MESSAGES),
    # Documented as "zero completion insurance": an answer that ends in an error is
    # not charged, whoever served it. The other statuses are said before any work.
    unbilled_statuses=frozenset({402, 408, 500, 502, 503, 504, 524, 529}),
    # An abort stops the bill only at some vendors, and which one serves a request is
    # not known before it is over.
    on_abort=OnAbort.HOLD,
    usage_flags=frozenset({REPORTS_COST_USD}),
    balance=BalanceEndpoint(
        url="https://openrouter.ai/api/v1/credits",
        kind=BalanceKind.OPENROUTER,
        unit="USD",
        stale_s=60,
    ),
    quirks=frozenset({CACHE_MARKS, CHAT_TOP_K, REASONING_EFFORT, TEXT_PARTS}),
    signup="https://openrouter.ai/settings/keys",
    error_rules=(
        ErrorRule(
            error_class=ErrorClass.RATE_LIMITED, status=402, text="in_flight_budget"
        ),
        ErrorRule(error_class=ErrorClass.QUOTA_EXHAUSTED, status=402),
        ErrorRule(error_class=ErrorClass.CONTENT_FILTER, status=403, text="moderation"),
        ErrorRule(
            error_class=ErrorClass.CONTEXT_OVERFLOW,
            status=400,
            text="maximum context length",
        ),
    ),
)
