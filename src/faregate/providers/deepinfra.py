"""DeepInfra."""

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
    name="deepinfra",
    title="DeepInfra",
    base_urls={
        OPENAI_CHAT: "https://api.deepinfra.com/v1/openai",
        ANTHROPIC_MESSAGES: "https://api.deepinfra.com/anthropic",
    },
    key_env=("DEEPINFRA_API_KEY", "DEEPINFRA_TOKEN"),
    output_fields=max_tokens(OPENAI_CHAT, ANTHROPIC_MESSAGES),
    # Its `usage.estimated_cost` is an estimate by name and is not taken for a bill.
    balance=BalanceEndpoint(
        url="https://api.deepinfra.com/payment/checklist?compute_owed=true",
        kind=BalanceKind.DEEPINFRA,
        unit="USD",
    ),
    signup="https://deepinfra.com/dash/api_keys",
)
