"""One question asked of ever other things: hosts, packages, seeds, files.

Such calls are made from one template with a slot or two, and no value comes twice.
Calls that differ in any other way are attempts at one thing.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.core.loops.steps import Step

_MOST_SLOTS = 2


def enumerates(steps: Sequence[Step]) -> bool:
    """Tell whether these calls go through different things, one by one."""
    targets = Counter(step.target for step in steps)
    if set(targets) != {None}:
        # Files and addresses: honest as long as none is tried over and over.
        return max(targets.values()) * 2 <= len(steps)
    asked = [step.tokens for step in steps]
    if len(set(asked)) < len(asked) or len(set(map(len, asked))) > 1:
        return False
    slots = [column for column in zip(*asked, strict=True) if len(set(column)) > 1]
    return len(slots) <= _MOST_SLOTS
