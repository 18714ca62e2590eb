"""The catalogue: every provider that is known without any configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.providers import anthropic, gemini, openai

if TYPE_CHECKING:
    from faregate.providers.spec import ProviderSpec

PROVIDERS: tuple[ProviderSpec, ...] = (
    openai.SPEC,
    anthropic.SPEC,
    gemini.SPEC,
)

_BY_NAME = {spec.name: spec for spec in PROVIDERS}


def by_name(name: str) -> ProviderSpec | None:
    """Return the provider of that exact name."""
    return _BY_NAME.get(name)


def provider_of_model(model: str) -> ProviderSpec | None:
    """Return the provider that a bare model name leads to; the longest prefix wins.

    Only names of vendors that serve their own models lead anywhere.
    """
    best: ProviderSpec | None = None
    length = 0
    for spec in PROVIDERS:
        for prefix in spec.model_prefixes:
            if len(prefix) > length and model.startswith(prefix):
                best, length = spec, len(prefix)
    return best
