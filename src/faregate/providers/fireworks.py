"""Fireworks AI."""

from __future__ import annotations

from faregate.protocols.quirks import (
    CHAT_TOP_K,
)
from faregate.providers.spec import (
    ANTHROPIC_MESSAGES,
    OPENAI_CHAT,
    ErrorClass,
    ErrorRule,
    ProviderSpec,
    max_tokens,
)

SPEC = ProviderSpec(
    name="fireworks",
    title="Fireworks AI",
    base_urls={
        OPENAI_CHAT: "https://api.fireworks.ai/inference/v1",
        ANTHROPIC_MESSAGES: "https://api.fireworks.ai/inference",
    },
    key_env=("FIREWORKS_API_KEY",),
    output_fields=max_tokens(OPENAI_CHAT, ANTHROPIC_MESSAGES),
    # Load is shed before work begins.
    unbilled_statuses=frozenset({503}),
    regions={"us": {OPENAI_CHAT: "https://us.api.fireworks.ai/inference/v1"}},
    # The dearest surcharge that its list has for models pinned to the US.
    region_multipliers={"us": (3, 2)},
    quirks=frozenset({CHAT_TOP_K}),
    signup="https://app.fireworks.ai/settings/users/api-keys",
    error_rules=(ErrorRule(error_class=ErrorClass.OVERLOADED, status=503),),
)
