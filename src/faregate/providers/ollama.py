"""Ollama on this machine."""

from __future__ import annotations

from faregate.providers.spec import (
    ANTHROPIC_MESSAGES,
    OPENAI_CHAT,
    OPENAI_RESPONSES,
    Billing,
    OnAbort,
    ProviderSpec,
    max_tokens,
)

SPEC = ProviderSpec(
    name="ollama",
    title="Ollama",
    base_urls={
        OPENAI_CHAT: "http://localhost:11434/v1",
        OPENAI_RESPONSES: "http://localhost:11434/v1",
        ANTHROPIC_MESSAGES: "http://localhost:11434",
    },
    # A local server ignores the key; its cloud models ask for one.
    key_env=("OLLAMA_API_KEY",),
    output_fields=max_tokens(OPENAI_CHAT, OPENAI_RESPONSES, ANTHROPIC_MESSAGES),
    on_abort=OnAbort.OBSERVED,
    billing=Billing.FREE,
    local=True,
)
