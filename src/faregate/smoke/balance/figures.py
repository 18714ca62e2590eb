"""Careful reading of amounts and instants that may be text, numbers or nonsense."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

_MOST = Decimal(10) ** 15
_EPOCH_MS = 10**11


class UnreadableError(Exception):
    """An answer has not the shape that is known of this provider."""


def decoded(body: bytes) -> Any:
    """Return a JSON body with every number exact; None when it is none."""
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError, InvalidOperation):
        return None


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def amount(value: Any) -> Decimal:
    """Return an amount that may be text; raises UnreadableError."""
    found = optional_amount(value)
    if found is None:
        raise UnreadableError("a figure is missing or is no number")
    return found


def optional_amount(value: Any) -> Decimal | None:
    """Return an amount that may be text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    try:
        found = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) < _MOST else None


def digits_of(*values: Any) -> Decimal:
    """Return the finest step that these figures show, at most one hundredth."""
    steps = [Decimal("0.01")]
    for value in values:
        found = optional_amount(value)
        exponent = None if found is None else found.as_tuple().exponent
        if isinstance(exponent, int) and -12 <= exponent < 0:
            steps.append(Decimal(1).scaleb(exponent))
    return min(steps)


def instant(value: Any) -> datetime | None:
    """Return an instant from RFC 3339 text or from epoch seconds or milliseconds."""
    number = optional_amount(value)
    if number is not None:
        if number <= 0:
            return None
        seconds = number / 1000 if number > _EPOCH_MS else number
        try:
            return datetime.fromtimestamp(float(seconds), UTC)
        except (ValueError, OverflowError, OSError):
            return None
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def said_no(message: object) -> str:
    """Return a provider's words for why it does not answer, or a plain sentence."""
    if isinstance(message, str) and message.strip():
        return f"it says: {message.strip()}"
    return "it does not say what is left"
