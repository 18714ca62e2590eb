"""DeepSeek: its OpenAI layer and its Anthropic layer."""

from __future__ import annotations

from faregate.protocols.quirks import (
    JSON_OBJECT_ONLY,
    REASONING_BACK,
)
from faregate.providers.spec import (
    ANTHROPIC_MESSAGES,
    OPENAI_CHAT,
    AuthScheme,
    BalanceEndpoint,
    BalanceKind,
    ErrorClass,
    ErrorRule,
    ProviderSpec,
    max_tokens,
)

SPEC = ProviderSpec(
    name="deepseek",
    title="DeepSeek",
    base_urls={
        OPENAI_CHAT: "https://api.deepseek.com",
        ANTHROPIC_MESSAGES: "https://api.deepseek.com/anthropic",
    },
    auth_for={ANTHROPIC_MESSAGES: AuthScheme.X_API_KEY},
    key_env=("DEEPSEEK_API_KEY",),
    model_prefixes=("deepseek-",),
    output_fields=max_tokens(OPENAI_CHAT, ANTHROPIC_MESSAGES),
    # Out of balance and overloaded are both said instead of an answer.
    unbilled_statuses=frozenset({402, 503}),
    balance=BalanceEndpoint(
        url="https://api.deepseek.com/user/balance",
        kind=BalanceKind.DEEPSEEK,
        unit="USD",
    ),
    # Retired on 2026-07-24; no price list of today names them.
    retired={
        "deepseek-chat": "deepseek-flash",
        "deepseek-reasoner": "deepseek-flash",
    },
    quirks=frozenset({JSON_OBJECT_ONLY, REASONING_BACK}),
    signup="https://platform.deepseek.com/api_keys",
    error_rules=(
        ErrorRule(error_class=ErrorClass.QUOTA_EXHAUSTED, status=402),
        ErrorRule(error_class=ErrorClass.BAD_REQUEST, status=422),
        ErrorRule(error_class=ErrorClass.OVERLOADED, status=503),
    ),
)
