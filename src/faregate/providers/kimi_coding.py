"""Kimi For Coding: a subscription for coding agents."""

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
    Billing,
    ErrorClass,
    ErrorRule,
    ProviderSpec,
    max_tokens,
)

SPEC = ProviderSpec(
    name="kimi-coding",
    title="Kimi For Coding",
    base_urls={
        OPENAI_CHAT: "https://api.kimi.com/coding/v1",
        ANTHROPIC_MESSAGES: "https://api.kimi.com/coding",
    },
    key_env=("KIMI_API_KEY", "KIMI_CODE_API_KEY", "KIMI_CODING_API_KEY"),
    model_prefixes=("kimi-for-coding",),
    output_fields=max_tokens(OPENAI_CHAT, ANTHROPIC_MESSAGES),
    billing=Billing.SUBSCRIPTION,
    usage_flags=frozenset({USAGE_IN_CHOICE}),
    balance=BalanceEndpoint(
        url="https://api.kimi.com/coding/v1/usages",
        kind=BalanceKind.KIMI_PLAN,
        unit="requests",
        plan_only=True,
    ),
    quirks=frozenset({FIXED_SAMPLING, REASONING_BACK}),
    signup="https://www.kimi.com/coding",
    error_rules=(
        # The agent's own User-Agent decides: it must be passed on.
        ErrorRule(
            error_class=ErrorClass.PERMISSION,
            status=403,
            text="only available for coding agents",
        ),
        ErrorRule(
            error_class=ErrorClass.QUOTA_EXHAUSTED, status=403, text="usage limit"
        ),
        ErrorRule(error_class=ErrorClass.QUOTA_EXHAUSTED, status=402),
    ),
)
