"""A tighter input bound by counting tokens, for a hold that does not fit otherwise.

Only where the provider's spec names its encoding, and never on the common path: a
count costs a thread and, once, the loading of a vocabulary.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import structs

from faregate.core.estimate import BYTES_PER_MESSAGE, PREFIX_SLACK
from faregate.core.facts import Work

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from faregate.core.holds import BudgetState
    from faregate.gateway.plan import Plan

    CountTokens = Callable[[str, str], Awaitable[int | None]]
    """Text and encoding to tokens, off the loop; None where they cannot be counted."""


def worth_counting(plan: Plan, states: tuple[BudgetState, ...]) -> bool:
    """Tell whether a count could make a hold fit that does not fit now."""
    facts = plan.facts
    if plan.spec.tokenizer is None or not plan.metered:
        return False
    if facts.work is not Work.GENERATION:
        # Embedding models keep to an older encoding, of up to nine times the tokens.
        return False
    if facts.media or facts.stored_input or facts.server_tools:
        return False
    needed = plan.amount(plan.bounds)
    return any(s.room is not None and s.room < needed for s in states)


async def tightened(plan: Plan, body: bytes, count: CountTokens) -> Plan:
    """Return the plan with a counted input bound, where that is the lower one.

    The whole JSON text is counted, so that names, brackets and escapes stand for
    what a chat template adds, and every message gets its framing on top.
    """
    encoding = plan.spec.tokenizer
    if encoding is None:
        return plan
    counted = await count(body.decode("utf-8", "replace"), encoding)
    if counted is None:
        return plan
    bound = counted + BYTES_PER_MESSAGE * plan.facts.messages + PREFIX_SLACK
    if bound >= plan.bounds.input:
        return plan
    return structs.replace(plan, bounds=replace(plan.bounds, input=bound))
