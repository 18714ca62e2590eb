"""Anthropic's own API."""

from __future__ import annotations

from faregate.providers.spec import (
    ANTHROPIC_MESSAGES,
    AuthScheme,
    ErrorClass,
    ErrorRule,
    OnAbort,
    ProviderSpec,
    max_tokens,
)

SPEC = ProviderSpec(
    name="anthropic",
    title="Anthropic",
    base_urls={ANTHROPIC_MESSAGES: "https://api.anthropic.com"},
    auth=AuthScheme.X_API_KEY,
    key_env=("ANTHROPIC_API_KEY",),
    model_prefixes=("claude-",),
    output_fields=max_tokens(ANTHROPIC_MESSAGES),
    takes_flat_logins=True,
    # No credit, and overloaded: both are said instead of an answer.
    unbilled_statuses=frozenset({402, 529}),
    # OpenRouter documents that aborting a stream stops the bill here; the vendor
    # itself promises nothing. Holding every broken-off answer in full would close a
    # small cap within a day.
    on_abort=OnAbort.OBSERVED,
    # For accounts whose inference is pinned to the US, which costs a tenth more.
    regions={"us": {ANTHROPIC_MESSAGES: "https://api.anthropic.com"}},
    region_multipliers={"us": (11, 10)},
    signup="https://console.anthropic.com/settings/keys",
    error_rules=(
        ErrorRule(error_class=ErrorClass.OVERLOADED, code="overloaded_error"),
        ErrorRule(
            error_class=ErrorClass.QUOTA_EXHAUSTED,
            status=429,
            text="enforced_spend_limit_reached",
        ),
        ErrorRule(
            error_class=ErrorClass.QUOTA_EXHAUSTED,
            status=400,
            text="credit balance is too low",
        ),
        ErrorRule(
            error_class=ErrorClass.CONTEXT_OVERFLOW,
            status=400,
            text="prompt is too long",
        ),
    ),
    anthropic_version="2023-06-01",
)
