"""What a request is billed beside its tokens of text, and what no table prices.

Owns the names by which that is known. A tool or a model that is not named here costs
its tokens and the usual fee of its provider's tools.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from faregate.core.facts import RequestFacts
    from faregate.core.pricing import PriceRow
    from faregate.core.usage import Usage

_SEARCH = "web_search"
_SEARCHING = re.compile(r"-search-(preview|api)|(^|/)sonar\b|deep-research")
_UNPRICED_TOOLS = frozenset({"image_generation", "code_interpreter", "shell"})
"""Tools of which a call is billed by pixels, or by the time of a machine."""


@lru_cache(maxsize=1024)
def searches_unasked(model: str) -> bool:
    """Tell whether a model searches the web in each answer, and bills it."""
    return _SEARCHING.search(model.casefold()) is not None


def as_billed(facts: RequestFacts, model: str) -> RequestFacts:
    """Return the facts with the tool that the model uses without being asked."""
    if not searches_unasked(model) or _SEARCH in facts.server_tools:
        return facts
    tools = (*facts.server_tools, _SEARCH)
    return replace(facts, server_tools=tools, server_tool_uses=None)


def with_unasked_search(usage: Usage, model: str) -> Usage:
    """Return usage with the one search at least that nobody counts in it."""
    if usage.server_tool_calls or not searches_unasked(model):
        return usage
    return replace(usage, server_tool_calls=1)


def unpriced_part(facts: RequestFacts, row: PriceRow) -> str | None:
    """Return what in a request has no price in a row; None where all of it has one.

    A person's own row is taken to say what sound costs as well, and a fee that a
    person states is that of every tool.
    """
    tool = next((t for t in facts.server_tools if t in _UNPRICED_TOOLS), None)
    if tool is not None and not row.fee_is_stated:
        return f"the tool {tool}"
    if facts.audio and row.audio is None and row.source != "config":
        return "sound"
    return None


def sounding(row: PriceRow) -> PriceRow:
    """Return the row of a request with sound: each token at the dearer price.

    Where sound costs no more than text, the row says no more that the two differ.
    """
    sound = row.audio
    if sound is None:
        return row
    base = row.base.dearer(sound)
    if base == row.base:
        return replace(row, audio=None)
    tiers = tuple(replace(t, rates=t.rates.dearer(sound)) for t in row.tiers)
    return replace(row, base=base, tiers=tiers)
