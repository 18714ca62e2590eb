"""Limits as a person types them: "200k", "90m", "2.50", "none".

Owns reading and writing one value; what is allowed is what the configuration allows.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from faregate.config.json_schema import fields_of
from faregate.config.kinds import AtMost, NotThisKind
from faregate.config.problems import did_you_mean
from faregate.config.schema import LimitKeys
from faregate.core.money import Money

_FIELDS = {each.name: each for each in fields_of(LimitKeys)}
_TIME = "wall_clock"
_MONEY = "spend_per_minute"
_NONE = frozenset({"none", "unlimited", "off"})
_COUNT = re.compile(r"([0-9][0-9_,]*(?:\.[0-9]+)?)\s*([kKmM]?)")
_USD = re.compile(r"(?:USD\s*)?\$?\s*([0-9][0-9,]*(?:\.[0-9]+)?)\s*(?:USD|\$)?", re.I)
_TIMES = {"": 1, "k": 1000, "m": 1_000_000}
_UNITS = {"s": 1, "m": 60, "h": 3600}
LONGEST = 40
"""Characters of a value that is looked at."""


def limit_value(name: str, text: str) -> Any:
    """Return what was typed for a limit: None for "none".

    Raises ValueError that says what was wrong, what is allowed, and in what unit.
    """
    known = _FIELDS.get(name)
    if known is None:
        hint = did_you_mean(name, _FIELDS) or f"They are: {', '.join(_FIELDS)}."
        raise ValueError(f"there is no limit {name[:LONGEST]!r}. {hint}")
    bare = text.strip()
    if bare.lower() in _NONE:
        return None
    try:
        if len(bare) > LONGEST or not bare.isascii():
            raise NotThisKind("that is no value of a limit")
        read = known.kind.read(_toml(name, bare))
    except NotThisKind as wrong:
        hint = wrong.hint.replace("{key} = ", "").replace('"', "")
        told = f"{name}: {wrong.message}. {hint}".strip()
        raise ValueError(f"{told} Write {allowed(name)}.") from None
    return read.value if isinstance(read, AtMost) else read


def allowed(name: str) -> str:
    """Return what may be typed for a limit, with its unit."""
    if name == _TIME:
        return "a time with its unit, such as 90s, 30m or 4h, or none"
    if name == _MONEY:
        return "an amount in USD, such as 0.50, or none"
    unit = "tokens" if "tokens" in name else name.replace("_", " ")
    return f"a whole number of {unit}, such as 100 or 200k, or none"


def limit_toml(name: str, value: Any) -> object:
    """Return a limit as a value of TOML."""
    if value is None:
        return "none"
    if isinstance(value, Money):
        return Decimal(value.exact())
    return _duration(value) if name == _TIME else value


def limit_text(name: str, value: Any) -> str:
    """Return a limit as it is written in TOML."""
    found = limit_toml(name, value)
    return f'"{found}"' if isinstance(found, str) else str(found)


def limit_words(name: str, value: Any) -> str:
    """Return a limit as a person reads it: "none", "4h", "$0.50", "1000"."""
    if isinstance(value, Money):
        return str(value)
    return str(limit_toml(name, value))


def view_text(value: float | Money | None) -> str | None:
    """Return a limit as a view has it, to the last digit; None where there is none."""
    if value is None:
        return None
    if isinstance(value, Money):
        return value.exact()
    whole = int(value)
    return str(whole if whole == value else value)


def _toml(name: str, text: str) -> object:
    """Return what stands for typed text in the configuration."""
    if name == _TIME:
        return int(text) if text.isdecimal() else text.lower()
    if name == _MONEY:
        money = _USD.fullmatch(text)
        if money is None:
            raise NotThisKind(f'"{text}" is no amount of money')
        return Decimal(money[1].replace(",", ""))
    count = _COUNT.fullmatch(text)
    if count is None:
        raise NotThisKind(f'"{text}" is not a whole number')
    digits = count[1].replace(",", "").replace("_", "")
    number = Decimal(digits) * _TIMES[count[2].lower()]
    if number != number.to_integral_value():
        raise NotThisKind(f'"{text}" is not a whole number')
    return int(number)


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole != seconds:
        return f"{round(seconds * 1000)}ms"
    for unit in ("h", "m"):
        if whole % _UNITS[unit] == 0:
            return f"{whole // _UNITS[unit]}{unit}"
    return f"{whole}s"
