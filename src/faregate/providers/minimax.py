"""MiniMax, pay as you go or with a plan key."""

from __future__ import annotations

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
    name="minimax",
    title="MiniMax",
    base_urls={
        OPENAI_CHAT: "https://api.minimax.io/v1",
        ANTHROPIC_MESSAGES: "https://api.minimax.io/anthropic",
    },
    key_env=("MINIMAX_API_KEY", "MINIMAX_CODING_API_KEY"),
    model_prefixes=("minimax-",),
    output_fields=max_tokens(OPENAI_CHAT, ANTHROPIC_MESSAGES),
    regions={
        "intl": {
            OPENAI_CHAT: "https://api.minimax.io/v1",
            ANTHROPIC_MESSAGES: "https://api.minimax.io/anthropic",
        },
        "cn": {
            OPENAI_CHAT: "https://api.minimaxi.com/v1",
            ANTHROPIC_MESSAGES: "https://api.minimaxi.com/anthropic",
        },
    },
    balance=BalanceEndpoint(
        url="https://www.minimax.io/v1/token_plan/remains",
        kind=BalanceKind.MINIMAX_PLAN,
        unit="percent",
        plan_only=True,
    ),
    translated_to=ANTHROPIC_MESSAGES,
    signup="https://platform.minimax.io/user-center/basic-information/interface-key",
    # Errors may come with status 200 and a code in `base_resp`.
    error_rules=(
        ErrorRule(error_class=ErrorClass.RATE_LIMITED, code="1002"),
        ErrorRule(error_class=ErrorClass.AUTH, code="1004"),
        ErrorRule(error_class=ErrorClass.QUOTA_EXHAUSTED, code="1008"),
        ErrorRule(error_class=ErrorClass.UPSTREAM, code="1000"),
        ErrorRule(error_class=ErrorClass.UPSTREAM, code="1001"),
    ),
)
