"""A vLLM server on this machine."""

from __future__ import annotations

from faregate.protocols.quirks import (
    CHAT_TOP_K,
)
from faregate.providers.spec import (
    OPENAI_CHAT,
    OPENAI_RESPONSES,
    Billing,
    OnAbort,
    ProviderSpec,
    max_tokens,
)

SPEC = ProviderSpec(
    name="vllm",
    title="vLLM",
    base_urls={
        OPENAI_CHAT: "http://localhost:8000/v1",
        OPENAI_RESPONSES: "http://localhost:8000/v1",
    },
    key_env=("VLLM_API_KEY",),
    output_fields=max_tokens(OPENAI_CHAT, OPENAI_RESPONSES),
    on_abort=OnAbort.OBSERVED,
    billing=Billing.FREE,
    local=True,
    quirks=frozenset({CHAT_TOP_K}),
)
