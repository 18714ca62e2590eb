"""Novita AI."""

from __future__ import annotations

from faregate.providers.spec import (
    ANTHROPIC_MESSAGES,
    OPENAI_CHAT,
    BalanceEndpoint,
    BalanceKind,
    ErrorClass,
    ErrorRule,
    OnAbort,
    ProviderSpec,
    max_tokens,
)

SPEC = ProviderSpec(
    name="novita",
    title="Novita AI",
    base_urls={
        OPENAI_CHAT: "https://api.novita.ai/openai",
        ANTHROPIC_MESSAGES: "https://api.novita.ai/anthropic",
    },
    key_env=("NOVITA_API_KEY",),
    output_fields=max_tokens(OPENAI_CHAT, ANTHROPIC_MESSAGES),
    # Its billing page lists these as not charged.
    unbilled_statuses=frozenset({500, 503, 504}),
    # The same page says that a client that disconnects is charged all the same.
    on_abort=OnAbort.HOLD,
    balance=BalanceEndpoint(
        url="https://api.novita.ai/openapi/v1/billing/balance/detail",
        kind=BalanceKind.NOVITA,
        unit="USD",
    ),
    signup="https://novita.ai/settings/key-management",
    error_rules=(
        ErrorRule(error_class=ErrorClass.AUTH, status=403, text="INVALID_API_KEY"),
        ErrorRule(
            error_class=ErrorClass.QUOTA_EXHAUSTED, text="BILLING_BALANCE_NOT_ENOUGH"
        ),
    ),
)
