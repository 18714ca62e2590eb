"""Zhipu BigModel: the GLM models in China, billed in CNY."""

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
    name="bigmodel",
    title="Zhipu BigModel (GLM, China)",
    base_urls={
        OPENAI_CHAT: "https://open.bigmodel.cn/api/paas/v4",
        ANTHROPIC_MESSAGES: "https://open.bigmodel.cn/api/anthropic",
    },
    key_env=("ZHIPU_API_KEY", "BIGMODEL_API_KEY", "ZHIPUAI_API_KEY", "GLM_API_KEY"),
    output_fields=max_tokens(OPENAI_CHAT, ANTHROPIC_MESSAGES),
    # No permission and file too large, in statuses of their own.
    unbilled_statuses=frozenset({434, 435}),
    # A coding-plan key on the ordinary path bills the wallet.
    regions={
        "coding-plan": {
            OPENAI_CHAT: "https://open.bigmodel.cn/api/coding/paas/v4",
            ANTHROPIC_MESSAGES: "https://open.bigmodel.cn/api/anthropic",
        },
    },
    balance=BalanceEndpoint(
        url="https://open.bigmodel.cn/api/monitor/usage/quota/limit",
        kind=BalanceKind.ZAI_PLAN,
        unit="percent",
        plan_only=True,
    ),
    quirks=frozenset({JSON_OBJECT_ONLY, REASONING_BACK}),
    signup="https://open.bigmodel.cn/usercenter/apikeys",
    error_rules=(
        # One status stands for too many requests, an empty wallet and a locked account.
        ErrorRule(error_class=ErrorClass.QUOTA_EXHAUSTED, status=429, code="1113"),
        ErrorRule(error_class=ErrorClass.QUOTA_EXHAUSTED, status=429, text="balance"),
        ErrorRule(error_class=ErrorClass.RATE_LIMITED, status=429),
        ErrorRule(error_class=ErrorClass.PERMISSION, status=434),
        ErrorRule(error_class=ErrorClass.BAD_REQUEST, status=435),
    ),
)
