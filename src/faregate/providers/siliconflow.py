"""SiliconFlow. No public price list is bundled: prices come from the config."""

from __future__ import annotations

from faregate.providers.spec import (
    ANTHROPIC_MESSAGES,
    OPENAI_CHAT,
    BalanceEndpoint,
    BalanceKind,
    ProviderSpec,
    max_tokens,
)

SPEC = ProviderSpec(
    name="siliconflow",
    title="SiliconFlow",
    base_urls={
        OPENAI_CHAT: "https://api.siliconflow.com/v1",
        ANTHROPIC_MESSAGES: "https://api.siliconflow.com",
    },
    key_env=("SILICONFLOW_API_KEY", "SILICONFLOW_CN_API_KEY"),
    output_fields=max_tokens(OPENAI_CHAT, ANTHROPIC_MESSAGES),
    # Separate accounts; the other one bills CNY.
    regions={
        "intl": {
            OPENAI_CHAT: "https://api.siliconflow.com/v1",
            ANTHROPIC_MESSAGES: "https://api.siliconflow.com",
        },
        "cn": {
            OPENAI_CHAT: "https://api.siliconflow.cn/v1",
            ANTHROPIC_MESSAGES: "https://api.siliconflow.cn",
        },
    },
    balance=BalanceEndpoint(
        url="https://api.siliconflow.com/v1/user/info",
        kind=BalanceKind.SILICONFLOW,
        unit="USD",
        others=(
            BalanceEndpoint(
                url="https://api.siliconflow.cn/v1/user/info",
                kind=BalanceKind.SILICONFLOW,
                unit="CNY",
            ),
        ),
    ),
    signup="https://cloud.siliconflow.com/account/ak",
)
