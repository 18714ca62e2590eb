"""Kinds of values: what each accepts and what it says when it does not."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.config.kinds import (
    CAP,
    FLAG,
    USD,
    Cap,
    Kind,
    NotThisKind,
    choice,
    duration,
    integer,
    list_of,
    number,
    text,
)
from faregate.core.money import Money

ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(), st.decimals(), st.lists(st.none()),
    st.dictionaries(st.text(), st.none(), max_size=2), st.dates(), st.times(),
)  # fmt: skip


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


EVERY_KIND: list[Kind[Any]] = [
    USD, CAP, FLAG, integer(0, 10), duration(0, 60), text("[a-z]+", "a word"),
    choice(Colour), list_of(integer(0, 3)), list_of(FLAG, or_one=True),
]  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(ODD)
def test_no_value_is_a_fault(value: object) -> None:
    for kind in EVERY_KIND:
        refusal = ""
        try:
            kind.read(value)
        except NotThisKind as problem:
            refusal = problem.message
        assert refusal == "" or refusal.isprintable()


@pytest.mark.parametrize(
    ("value", "pico"),
    [
        (20, 20 * 10**12),
        (0, 0),
        (Decimal("0.000001"), 10**6),
        (Decimal("-0.0"), 0),
        (Decimal("1E+2"), 10**14),
        (Decimal("19.999999999999"), 19_999_999_999_999),
    ],
)
def test_money_is_exact(value: object, pico: int) -> None:
    assert USD.read(value) == Money(pico)


@pytest.mark.parametrize(
    "value",
    [Decimal("0.0000009"), Decimal("1E-999999"), 10**400, Decimal("1E+999999999")],
)
def test_absurd_money_is_refused_without_arithmetic(value: object) -> None:
    with pytest.raises(NotThisKind):
        USD.read(value)


def test_a_cap_may_be_none() -> None:
    assert CAP.read("none") == Cap(None)
    assert CAP.read(5) == Cap(Money.usd(5))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("10s", 10.0), ("250ms", 0.25), ("1h30m", 5400.0), ("1.5m", 90.0), ("1d", 86400)],
)
def test_durations(value: str, seconds: float) -> None:
    assert duration(0, 10**6).read(value) == seconds


@pytest.mark.parametrize("value", ["", "10", "s", "10 s", "-1s", "1h30", "1e3s", "٣s"])
def test_text_that_is_no_duration(value: str) -> None:
    with pytest.raises(NotThisKind):
        duration(0, 100).read(value)


@pytest.mark.parametrize(
    "value", [True, "1", None, Decimal("NaN"), Decimal("Infinity")]
)
def test_what_is_no_number(value: object) -> None:
    with pytest.raises(NotThisKind):
        number(value)


def test_one_value_may_stand_for_a_list() -> None:
    kind = list_of(integer(0, 9), or_one=True)
    assert kind.read(3) == (3,)
    assert kind.read([1, 2]) == (1, 2)
    assert kind.read([]) == ()
    with pytest.raises(NotThisKind):
        list_of(integer(0, 9)).read(3)


def test_a_choice_suggests_the_nearest() -> None:
    assert choice(Colour).read("red") is Colour.RED
    with pytest.raises(NotThisKind) as caught:
        choice(Colour).read("Blu")
    assert caught.value.hint == "Did you mean blue?"
