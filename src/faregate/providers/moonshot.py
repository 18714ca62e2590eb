"""Moonshot: the Kimi models, pay as you go."""

from __future__ import annotations

from faregate.protocols.flags import USAGE_IN_CHOICE
from faregate.protocols.quirks import (
    FIXED_SAMPLING,
    REASONING_BACK,
)
from faregate.providers.spec import (
    ANTHROPIC_MESSAGES,
    OPENAI_CHAT,
    BalanceEndpoint,
    BalanceKind,
    ErrorClass,
    ErrorRule,
    ProviderSpec,
    max_tokens,
)

SPEC = ProviderSpec(
    name="moonshot",
    title="Moonshot (Kimi)",
    base_urls={
        OPENAI_CHAT: "https://api.moonshot.ai/v1",
        ANTHROPIC_MESSAGES: "https://api.moonshot.ai/anthropic",
    },
    key_env=("MOONSHOT_API_KEY",),
    model_prefixes=("kimi-", "moonshot-"),
    output_fields=max_tokens(OPENAI_CHAT, ANTHROPIC_MESSAGES),
    usage_flags=frozenset({USAGE_IN_CHOICE}),
    # Keys are not shared between the two, and the other one bills CNY.
    regions={
        "intl": {
            OPENAI_CHAT: "https://api.moonshot.ai/v1",
            ANTHROPIC_MESSAGES: "https://api.moonshot.ai/anthropic",
        },
        "cn": {
            OPENAI_CHAT: "https://api.moonshot.cn/v1",
            ANTHROPIC_MESSAGES: "https://api.moonshot.cn/anthropic",
        },
    },
    balance=BalanceEndpoint(
        url="https://api.moonshot.ai/v1/users/me/balance",
        kind=BalanceKind.MOONSHOT,
        unit="USD",
        others=(
            BalanceEndpoint(
                url="https://api.moonshot.cn/v1/users/me/balance",
                kind=BalanceKind.MOONSHOT,
                unit="CNY",
            ),
        ),
    ),
    quirks=frozenset({FIXED_SAMPLING, REASONING_BACK}),
    signup="https://platform.moonshot.ai/console/api-keys",
    error_rules=(
        ErrorRule(
            error_class=ErrorClass.QUOTA_EXHAUSTED, code="exceeded_current_quota_error"
        ),
        ErrorRule(error_class=ErrorClass.QUOTA_EXHAUSTED, status=403, text="balance"),
        ErrorRule(error_class=ErrorClass.OVERLOADED, code="engine_overloaded_error"),
    ),
)
