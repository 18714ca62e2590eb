"""Alibaba Coding Plan: a subscription with keys of its own."""

from __future__ import annotations

from faregate.providers.spec import (
    ANTHROPIC_MESSAGES,
    OPENAI_CHAT,
    Billing,
    ErrorClass,
    ErrorRule,
    ProviderSpec,
    max_tokens,
)

SPEC = ProviderSpec(
    name="dashscope-coding-plan",
    title="Alibaba Coding Plan",
    base_urls={
        OPENAI_CHAT: "https://coding-intl.dashscope.aliyuncs.com/v1",
        ANTHROPIC_MESSAGES: (
            "https://coding-intl.dashscope.aliyuncs.com/apps/anthropic"
        ),
    },
    key_env=("ALIBABA_CODING_PLAN_API_KEY", "ALIBABA_TOKEN_PLAN_API_KEY"),
    output_fields=max_tokens(OPENAI_CHAT, ANTHROPIC_MESSAGES),
    billing=Billing.SUBSCRIPTION,
    regions={
        "intl": {
            OPENAI_CHAT: "https://coding-intl.dashscope.aliyuncs.com/v1",
            ANTHROPIC_MESSAGES: (
                "https://coding-intl.dashscope.aliyuncs.com/apps/anthropic"
            ),
        },
        "cn": {
            OPENAI_CHAT: "https://coding.dashscope.aliyuncs.com/v1",
            ANTHROPIC_MESSAGES: "https://coding.dashscope.aliyuncs.com/apps/anthropic",
        },
        "token-plan-intl": {
            OPENAI_CHAT: (
                "https://token-plan.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1"
            ),
        },
        "token-plan-cn": {
            OPENAI_CHAT: (
                "https://token-plan.cn-beijing.maas.aliyuncs.com/compatible-mode/v1"
            ),
        },
    },
    signup="https://www.alibabacloud.com/help/en/model-studio/coding-plan-faq",
    error_rules=(
        ErrorRule(
            error_class=ErrorClass.CONTEXT_OVERFLOW,
            status=400,
            text="range of input length should be",
        ),
    ),
)
