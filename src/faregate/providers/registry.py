"""The catalogue: every provider that is known without any configuration."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from faregate.providers import (
    anthropic,
    bigmodel,
    cerebras,
    cohere,
    dashscope,
    dashscope_coding_plan,
    deepinfra,
    deepseek,
    fireworks,
    gemini,
    groq,
    kimi_coding,
    llamacpp,
    lmstudio,
    minimax,
    mistral,
    moonshot,
    nebius,
    novita,
    ollama,
    openai,
    openrouter,
    sambanova,
    siliconflow,
    together,
    vllm,
    xai,
    zai,
)

if TYPE_CHECKING:
    from faregate.providers.spec import ProviderSpec

PROVIDERS: tuple[ProviderSpec, ...] = (
    anthropic.SPEC,
    openai.SPEC,
    gemini.SPEC,
    deepseek.SPEC,
    dashscope.SPEC,
    dashscope_coding_plan.SPEC,
    zai.SPEC,
    bigmodel.SPEC,
    moonshot.SPEC,
    kimi_coding.SPEC,
    minimax.SPEC,
    openrouter.SPEC,
    groq.SPEC,
    cerebras.SPEC,
    together.SPEC,
    fireworks.SPEC,
    deepinfra.SPEC,
    novita.SPEC,
    siliconflow.SPEC,
    sambanova.SPEC,
    nebius.SPEC,
    mistral.SPEC,
    xai.SPEC,
    cohere.SPEC,
    ollama.SPEC,
    lmstudio.SPEC,
    llamacpp.SPEC,
    vllm.SPEC,
)

_BY_NAME = {spec.name: spec for spec in PROVIDERS}


def by_name(name: str) -> ProviderSpec | None:
    """Return the provider of that exact name."""
    return _BY_NAME.get(name)


@lru_cache(maxsize=512)
def provider_of_model(model: str) -> ProviderSpec | None:
    """Return the provider that a bare model name leads to; the longest prefix wins.

    Only names of vendors that serve their own models lead anywhere. A name with a
    slash is somebody's copy of a model, one with a colon a local server's.
    """
    if "/" in model or ":" in model:
        return None
    name = model.casefold()
    best: ProviderSpec | None = None
    length = 0
    for spec in PROVIDERS:
        if any(name.startswith(prefix) for prefix in spec.foreign_prefixes):
            continue
        for prefix in spec.model_prefixes:
            if len(prefix) > length and name.startswith(prefix):
                best, length = spec, len(prefix)
    return best
