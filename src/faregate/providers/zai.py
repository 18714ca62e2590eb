"""Z.ai: the GLM models outside China."""

from __future__ import annotations

from faregate.protocols.quirks import (
    JSON_OBJECT_ONLY,
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
    name="zai",
    title="Z.ai (GLM)",
    base_urls={
        OPENAI_CHAT: "https://api.z.ai/api/paas/v4",
        ANTHROPIC_MESSAGES: "https://api.z.ai/api/anthropic",
    },
    key_env=("ZAI_API_KEY", "ZHIPU_API_KEY"),
    model_prefixes=("glm-",),
    output_fields=max_tokens(OPENAI_CHAT, ANTHROPIC_MESSAGES),
    # No permission and file too large, in statuses of their own.
    unbilled_statuses=frozenset({434, 435}),
    # A coding-plan key on the ordinary path bills the wallet.
    regions={
        "coding-plan": {
            OPENAI_CHAT: "https://api.z.ai/api/coding/paas/v4",
            ANTHROPIC_MESSAGES: "https://api.z.ai/api/anthropic",
        },
    },
    balance=BalanceEndpoint(
        url="https://api.z.ai/api/monitor/usage/quota/limit",
        kind=BalanceKind.ZAI_PLAN,
        unit="percent",
        plan_only=True,
    ),
    quirks=frozenset({JSON_OBJECT_ONLY, REASONING_BACK}),
    signup="https://z.ai/manage-apikey/apikey-list",
    error_rules=(
        # One status stands for too many requests, an empty wallet and a locked account.
        ErrorRule(error_class=ErrorClass.QUOTA_EXHAUSTED, status=429, code="1113"),
        ErrorRule(error_class=ErrorClass.QUOTA_EXHAUSTED, status=429, text="balance"),
        ErrorRule(error_class=ErrorClass.RATE_LIMITED, status=429),
        ErrorRule(error_class=ErrorClass.PERMISSION, status=434),
        ErrorRule(error_class=ErrorClass.BAD_REQUEST, status=435),
    ),
)
