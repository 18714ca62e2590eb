"""Lets go of the text of conversations that nobody goes on with.

Owns how long. What is kept of a conversation's latest request, and why, is said where
it is kept: `protocols.body_memory`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from faregate.protocols import json_object

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY_S = 300.0
"""A body is gone when this passed twice, at most."""


async def forget_idle(
    forget: Callable[[], None] = json_object.forget_idle, every_s: float = EVERY_S
) -> None:
    """Drop the bodies that no request came back to, again and again."""
    while True:
        await asyncio.sleep(every_s)
        forget()
