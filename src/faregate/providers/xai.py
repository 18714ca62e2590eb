"""xAI."""

from __future__ import annotations

from faregate.protocols.flags import COMPLETION_EXCLUDES_REASONING, REPORTS_COST_TICKS
from faregate.providers.spec import (
    OPENAI_CHAT,
    OPENAI_RESPONSES,
    ProviderSpec,
)

SPEC = ProviderSpec(
    name="xai",
    title="xAI",
    base_urls={
        OPENAI_CHAT: "https://api.x.ai/v1",
        OPENAI_RESPONSES: "https://api.x.ai/v1",
    },
    key_env=("XAI_API_KEY",),
    model_prefixes=("grok-",),
    output_fields={
        OPENAI_CHAT: "max_completion_tokens",
        OPENAI_RESPONSES: "max_output_tokens",
    },
    usage_flags=frozenset({COMPLETION_EXCLUDES_REASONING, REPORTS_COST_TICKS}),
    regions={
        "us": {
            OPENAI_CHAT: "https://us.api.x.ai/v1",
            OPENAI_RESPONSES: "https://us.api.x.ai/v1",
        },
    },
    region_multipliers={"us": (11, 10)},
    signup="https://console.x.ai",
)
