"""What a provider may declare about its answers, for the codecs to honour.

Owns the names only. A flag exists where the same bytes mean different things at
different providers; what can be told from the bytes alone needs no flag.
"""

from __future__ import annotations

COMPLETION_EXCLUDES_REASONING = "completion_excludes_reasoning"
"""Reasoning tokens are counted beside the completion tokens, not inside them."""

INPUT_EXCLUDES_CACHE = "input_excludes_cache"
"""Cached tokens are counted beside the prompt tokens, not inside them."""

REPORTS_COST_USD = "reports_cost_usd"
"""`usage.cost` is what the call cost, in USD."""

REPORTS_COST_TICKS = "reports_cost_ticks"
"""`usage.cost_in_usd_ticks` is what the call cost, 10**10 ticks to the USD."""

USAGE_IN_CHOICE = "usage_in_choice"
"""Usage stands in the choice. For the catalogue: every place is read anyway."""

USAGE_IN_VENDOR_FIELD = "usage_in_x_groq"
"""Usage stands in `x_groq`. For the catalogue: every place is read anyway."""
