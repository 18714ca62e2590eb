"""The llama.cpp server on this machine."""

from __future__ import annotations

from faregate.protocols.quirks import (
    CHAT_TOP_K,
)
from faregate.providers.spec import (
    ANTHROPIC_MESSAGES,
    OPENAI_CHAT,
    Billing,
    ErrorClass,
    ErrorRule,
    OnAbort,
    ProviderSpec,
    max_tokens,
)

SPEC = ProviderSpec(
    name="llamacpp",
    title="llama.cpp server",
    base_urls={
        OPENAI_CHAT: "http://127.0.0.1:8080/v1",
        ANTHROPIC_MESSAGES: "http://127.0.0.1:8080",
    },
    key_env=("LLAMA_API_KEY",),
    output_fields=max_tokens(OPENAI_CHAT, ANTHROPIC_MESSAGES),
    on_abort=OnAbort.OBSERVED,
    billing=Billing.FREE,
    local=True,
    error_rules=(
        ErrorRule(
            error_class=ErrorClass.CONTEXT_OVERFLOW,
            status=400,
            text="exceeds the available context size",
        ),
    ),
    quirks=frozenset({CHAT_TOP_K}),
)
