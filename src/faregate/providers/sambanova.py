"""SambaNova Cloud."""

from __future__ import annotations

from faregate.providers.spec import (
    OPENAI_CHAT,
    ProviderSpec,
    max_tokens,
)

# Its Anthropic layer is left out: where its paths begin is told in two ways.
SPEC = ProviderSpec(
    name="sambanova",
    title="SambaNova Cloud",
    base_urls={OPENAI_CHAT: "https://api.sambanova.ai/v1"},
    key_env=("SAMBANOVA_API_KEY",),
    output_fields=max_tokens(OPENAI_CHAT),
    signup="https://cloud.sambanova.ai/apis",
)
