"""Kinds of values: what each accepts, and what it says when it does not.

Pure. A kind reads one decoded TOML value and returns a checked one, or raises
NotThisKind with a message and the text to write instead.
"""

from __future__ import annotations

import re
from dataclasses import field
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

from faregate.config.problems import did_you_mean, shown
from faregate.core.money import Money
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

SMALLEST_CAP_USD = Decimal("0.000001")
_MONEY_TEXT = re.compile(r"\s*(?:USD)?\s*\$?\s*([0-9][0-9_,.]*)\s*(?:USD|\$)?\s*", re.I)
_DURATION_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class NotThisKind(ValueError):  # noqa: N818 - a finding about input, no fault
    """A value is not of the wanted kind; `{key}` in the hint stands for its key."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """How one kind of value is read, and its JSON Schema."""

    read: Callable[[object], T]
    schema: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cap:
    """A limit that was written down; None where it says that there is none."""

    limit: Money | None


@dataclass(frozen=True, slots=True)
class AtMost(Generic[T]):
    """A limit of any kind that was written down; None where it is "none"."""

    value: T | None


def at_most(kind: Kind[T]) -> Kind[AtMost[T]]:
    """Return the kind of limits whose values are of `kind`, or "none"."""

    def read(value: object) -> AtMost[T]:
        if value == "none":
            return AtMost(None)
        if value is False or (isinstance(value, str) and value.lower() in _NO_LIMIT):
            raise NotThisKind(f"{shown(value)} is not a limit", 'Write: {key} = "none"')
        return AtMost(kind.read(value))

    return Kind(read, {"anyOf": [dict(kind.schema), {"const": "none"}]})


def number(value: object, what: str = "a number") -> Decimal:
    """Read a finite TOML number exactly."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise NotThisKind(f"{shown(value)} is not {what}")
    exact = Decimal(value)
    if not exact.is_finite():
        raise NotThisKind(f"{shown(value)} is not a finite number")
    return exact


def _usd(value: object) -> Money:
    if isinstance(value, str):
        found = _MONEY_TEXT.fullmatch(value)
        bare = found[1].replace(",", "") if found else "20"
        raise NotThisKind(
            f"{shown(value)} is text; money is a bare number of USD",
            f"Write: {{key}} = {bare}",
        )
    amount = number(value, "an amount of money")
    if amount < 0:
        raise NotThisKind(f"{shown(value)} is below zero")
    # Before any arithmetic, which overflows on absurd exponents.
    if amount and not -6 <= amount.adjusted() <= 12:
        size = "small" if amount.adjusted() < 0 else "large"
        raise NotThisKind(
            f"{shown(value)} USD is too {size} to be meant",
            f"The smallest is {SMALLEST_CAP_USD}." if size == "small" else "",
        )
    try:
        return Money.usd(amount)
    except ValueError as error:
        raise NotThisKind(
            f"{shown(value)} USD is beyond what the ledger can hold"
        ) from error


def _cap(value: object) -> Cap:
    if value == "none":
        return Cap(None)
    if value is False or (isinstance(value, str) and value.lower() in _NO_LIMIT):
        raise NotThisKind(f"{shown(value)} is not a limit", 'Write: {key} = "none"')
    return Cap(_usd(value))


_NO_LIMIT = frozenset({"", "no", "off", "unlimited", "infinite", "inf", "null", "none"})


def _integer(low: int, high: int, what: str) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, str) and value.strip().isdigit():
            raise NotThisKind(
                f"{shown(value)} is text, not a number", f"Write: {{key}} = {value}"
            )
        if isinstance(value, bool) or not isinstance(value, int):
            raise NotThisKind(f"{shown(value)} is not {what}")
        if not low <= value <= high:
            raise NotThisKind(
                f"{shown(value)} is out of range", f"It goes from {low} to {high}."
            )
        return value

    return read


def integer(low: int, high: int, what: str = "a whole number") -> Kind[int]:
    """Return the kind of whole numbers from `low` to `high`."""
    schema = {"type": "integer", "minimum": low, "maximum": high}
    return Kind(_integer(low, high, what), schema)


def text(pattern: str, what: str) -> Kind[str]:
    """Return the kind of strings that match `pattern` in full."""
    matcher = re.compile(pattern)

    def read(value: object) -> str:
        if not isinstance(value, str):
            raise NotThisKind(f"{shown(value)} is not text", 'Text needs "quotes".')
        if not matcher.fullmatch(value):
            raise NotThisKind(f"{shown(value)} is not {what}")
        return value

    return Kind(read, {"type": "string", "pattern": f"^{pattern}$"})


def choice(values: type[E]) -> Kind[E]:
    """Return the kind of one member of a closed set."""
    known = [member.value for member in values]

    def read(value: object) -> E:
        if isinstance(value, str) and value in known:
            return values(value)
        guess = did_you_mean(str(value).lower(), known)
        raise NotThisKind(
            f"{shown(value)} is not one of {', '.join(known)}", guess or ""
        )

    return Kind(read, {"enum": known})


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise NotThisKind(
            f"{shown(value)} is neither true nor false",
            "Write true or false, without quotes.",
        )
    return value


def duration(low: float, high: float) -> Kind[float]:
    """Return the kind of durations such as "30s" or "1h30m", in seconds."""

    def read(value: object) -> float:
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            raise NotThisKind(
                f"{shown(value)} has no unit", f'Write: {{key}} = "{value}s"'
            )
        if not isinstance(value, str):
            raise NotThisKind(f"{shown(value)} is not a duration", _DURATION_HINT)
        parts = _DURATION_PART.findall(value)
        if not parts or "".join(a + unit for a, unit in parts) != value:
            raise NotThisKind(f"{shown(value)} is not a duration", _DURATION_HINT)
        seconds = sum(float(amount) * _SECONDS[unit] for amount, unit in parts)
        if not low <= seconds <= high:
            raise NotThisKind(
                f"{shown(value)} is out of range",
                f"It goes from {low:g}s to {high:g}s.",
            )
        return seconds

    return Kind(read, {"type": "string", "pattern": r"^(\d+(\.\d+)?(ms|s|m|h|d))+$"})


_DURATION_HINT = 'Write a number with a unit, such as "30s", "10m" or "4h".'


def list_of(item: Kind[T], *, or_one: bool = False) -> Kind[tuple[T, ...]]:
    """Return the kind of lists; with `or_one` a single value is a list of one."""

    def read(value: object) -> tuple[T, ...]:
        if or_one and not isinstance(value, list):
            return (item.read(value),)
        if not isinstance(value, list):
            raise NotThisKind(f"{shown(value)} is not a list", "Write: {key} = [...]")
        return tuple(item.read(each) for each in value)

    array: dict[str, object] = {"type": "array", "items": dict(item.schema)}
    schema = {"anyOf": [dict(item.schema), array]} if or_one else array
    return Kind(read, schema)


USD: Kind[Money] = Kind(_usd, {"type": "number", "minimum": 0})
CAP: Kind[Cap] = Kind(
    _cap, {"anyOf": [{"type": "number", "minimum": 0}, {"const": "none"}]}
)
FLAG: Kind[bool] = Kind(_flag, {"type": "boolean"})
