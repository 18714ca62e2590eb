"""Nebius Token Factory."""

from __future__ import annotations

from faregate.providers.spec import (
    OPENAI_CHAT,
    ProviderSpec,
    max_tokens,
)

SPEC = ProviderSpec(
    name="nebius",
    title="Nebius Token Factory",
    base_urls={OPENAI_CHAT: "https://api.tokenfactory.nebius.com/v1"},
    key_env=("NEBIUS_API_KEY",),
    output_fields=max_tokens(OPENAI_CHAT),
    regions={"legacy": {OPENAI_CHAT: "https://api.studio.nebius.ai/v1"}},
    signup="https://tokenfactory.nebius.com",
)
