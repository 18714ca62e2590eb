"""Cerebras."""

from __future__ import annotations

from faregate.providers.spec import (
    OPENAI_CHAT,
    ProviderSpec,
)

SPEC = ProviderSpec(
    name="cerebras",
    title="Cerebras",
    base_urls={OPENAI_CHAT: "https://api.cerebras.ai/v1"},
    key_env=("CEREBRAS_API_KEY",),
    # Its rate limiter reserves this bound in full: a large one alone is refused.
    output_fields={OPENAI_CHAT: "max_completion_tokens"},
    signup="https://cloud.cerebras.ai",
)
