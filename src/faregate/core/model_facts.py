"""What is known of a model beside its price."""

from __future__ import annotations

from faregate.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """Limits of one model at one provider, in tokens; None where not known."""

    context: int | None = None
    """Most input and output tokens of one request together."""
    max_output: int | None = None
    output_field: str | None = None
    """Field that bounds the output, where the model differs from its provider."""


NOTHING_KNOWN = ModelFacts()
