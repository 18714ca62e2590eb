"""OpenAI's own API."""

from __future__ import annotations

from faregate.protocols.quirks import (
    DEVELOPER_ROLE,
    OPENAI_FIELDS,
    REASONING_EFFORT,
    SYSTEM_ANYWHERE,
    TEXT_PARTS,
)
from faregate.providers.spec import (
    OPENAI_CHAT,
    OPENAI_RESPONSES,
    ErrorClass,
    ErrorRule,
    OnAbort,
    ProviderSpec,
)

SPEC = ProviderSpec(
    name="openai",
    title="OpenAI",
    base_urls={
        OPENAI_CHAT: "https://api.openai.com/v1",
        OPENAI_RESPONSES: "https://api.openai.com/v1",
    },
    key_env=("OPENAI_API_KEY",),
    model_prefixes=(
        "gpt-",
        "chatgpt-",
        "o1",
        "o3",
        "o4",
        "codex-",
        "text-embedding-",
    ),
    # Open weights that OpenAI publishes and does not serve.
    foreign_prefixes=("gpt-oss",),
    # Reasoning models refuse `max_tokens`; every current chat model takes this one.
    output_fields={
        OPENAI_CHAT: "max_completion_tokens",
        OPENAI_RESPONSES: "max_output_tokens",
    },
    # Unavailable and overloaded are said instead of an answer.
    unbilled_statuses=frozenset({503}),
    # OpenRouter documents that aborting a stream stops the bill here; the vendor
    # itself promises nothing. Holding every broken-off answer in full would close a
    # small cap within a day.
    on_abort=OnAbort.OBSERVED,
    tokenizer="o200k_base",
    # Hosts that keep data in a region; newer models cost a tenth more there.
    regions={
        "us": {
            OPENAI_CHAT: "https://us.api.openai.com/v1",
            OPENAI_RESPONSES: "https://us.api.openai.com/v1",
        },
        "eu": {
            OPENAI_CHAT: "https://eu.api.openai.com/v1",
            OPENAI_RESPONSES: "https://eu.api.openai.com/v1",
        },
    },
    region_multipliers={"us": (11, 10), "eu": (11, 10)},
    quirks=frozenset(
        {DEVELOPER_ROLE, OPENAI_FIELDS, REASONING_EFFORT, SYSTEM_ANYWHERE, TEXT_PARTS}
    ),
    translated_to=OPENAI_RESPONSES,
    signup="https://platform.openai.com/api-keys",
    error_rules=(
        ErrorRule(error_class=ErrorClass.QUOTA_EXHAUSTED, code="insufficient_quota"),
        ErrorRule(
            error_class=ErrorClass.CONTEXT_OVERFLOW, code="context_length_exceeded"
        ),
        ErrorRule(error_class=ErrorClass.MODEL_UNKNOWN, code="model_not_found"),
        ErrorRule(error_class=ErrorClass.OVERLOADED, status=503),
    ),
)
