"""Alibaba Model Studio (DashScope), pay as you go."""

from __future__ import annotations

from faregate.providers.spec import (
    ANTHROPIC_MESSAGES,
    OPENAI_CHAT,
    ErrorClass,
    ErrorRule,
    ProviderSpec,
    max_tokens,
)

SPEC = ProviderSpec(
    name="dashscope",
    title="Alibaba Model Studio (Qwen)",
    base_urls={
        OPENAI_CHAT: "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        ANTHROPIC_MESSAGES: "https://dashscope-intl.aliyuncs.com/apps/anthropic",
    },
    key_env=("DASHSCOPE_API_KEY",),
    model_prefixes=("qwen", "qwq-", "qvq-"),
    output_fields=max_tokens(OPENAI_CHAT, ANTHROPIC_MESSAGES),
    # A key belongs to one region; the bundled prices are those of the default one.
    regions={
        "intl": {
            OPENAI_CHAT: "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
            ANTHROPIC_MESSAGES: "https://dashscope-intl.aliyuncs.com/apps/anthropic",
        },
        "cn": {
            OPENAI_CHAT: "https://dashscope.aliyuncs.com/compatible-mode/v1",
            ANTHROPIC_MESSAGES: "https://dashscope.aliyuncs.com/apps/anthropic",
        },
        "us": {
            OPENAI_CHAT: "https://dashscope-us.aliyuncs.com/compatible-mode/v1",
        },
        "hk": {
            OPENAI_CHAT: (
                "https://cn-hongkong.dashscope.aliyuncs.com/compatible-mode/v1"
            ),
        },
    },
    signup="https://modelstudio.console.alibabacloud.com/?tab=playground#/api-key",
    error_rules=(
        ErrorRule(
            error_class=ErrorClass.QUOTA_EXHAUSTED,
            status=429,
            text="allocated quota exceeded",
        ),
        ErrorRule(error_class=ErrorClass.QUOTA_EXHAUSTED, code="Arrearage"),
        ErrorRule(
            error_class=ErrorClass.CONTEXT_OVERFLOW,
            status=400,
            text="range of input length should be",
        ),
        ErrorRule(error_class=ErrorClass.RATE_LIMITED, status=429),
    ),
)
