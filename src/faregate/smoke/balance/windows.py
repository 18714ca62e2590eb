"""The windows of a plan: which one is shown first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from faregate.smoke.balance.figures import UnreadableError

if TYPE_CHECKING:
    from faregate.smoke.balance.values import Balance


def first_of(windows: list[Balance]) -> Balance:
    """Return the first window with the others beside it; it is blocked if any is."""
    if not windows:
        raise UnreadableError("it states no window of a plan")
    spent = any(window.remaining <= 0 for window in windows)
    return replace(windows[0], others=tuple(windows[1:]), blocked=spent)
