from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.core.money import Money
from faregate.tui import figures
from faregate.tui.figures import money


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (940, "940"),
        (999, "999"),
        (1000, "1.0k"),
        (9_700, "9.7k"),
        (38_200, "38.2k"),
        (99_949, "99.9k"),
        (99_951, "100k"),
        (842_000, "842k"),
        (999_499, "999k"),
        (999_500, "1.00M"),
        (1_210_000, "1.21M"),
        (12_100_000, "12.1M"),
        (999_999_999, "1.00B"),
        (121_000_000_000, "121B"),
    ],
)
def test_count(number: int, shown: str) -> None:
    assert figures.count(number) == shown


@settings(max_examples=100)
@given(st.integers(0, 10**12 - 10**9))
def test_a_count_never_takes_more_than_five_cells(number: int) -> None:
    assert len(figures.count(number)) <= 5


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-1, "0.0s"),
        (0.41, "0.4s"),
        (9.9, "9.9s"),
        (9.96, "10s"),
        (59.6, "1m00s"),
        (130, "2m10s"),
        (11_520, "3h12m"),
        (446_400, "5d04h"),
    ],
)
def test_duration(seconds: float, shown: str) -> None:
    assert figures.duration(seconds) == shown


def test_elapsed_ticks_in_whole_seconds() -> None:
    assert [figures.elapsed(each) for each in (-3, 0.9, 3.9, 61)] == [
        "0s",
        "0s",
        "3s",
        "1m01s",
    ]


def test_what_is_not_known_is_a_dash_never_a_zero() -> None:
    assert figures.percent(0, 0) == "-"
    assert figures.milliseconds(None) == "-"
    assert figures.percent(1, 3) == "33%"
    assert figures.percent(5, 3) == "100%"
    assert figures.milliseconds(412.4) == "412ms"
    assert figures.milliseconds(2900) == "2.9s"


def test_money_is_read_exactly_and_nonsense_is_nothing() -> None:
    assert money("8.42") == Money.usd("8.42")
    assert money("NaN") == Money()
    assert money("ten") == Money()
    assert figures.dollars(money("1234.5")) == "$1,234.50"


def test_a_column_of_money_keeps_its_points_under_each_other() -> None:
    amounts = ("8.42", "0.0031", "0", "1234.5", "0.00000007")
    fine = figures.fine_column(amounts)
    shown = [figures.bare(money(each), fine=fine) for each in amounts]
    assert shown == ["8.4200", "0.0031", "0.0000", "1,234.5000", "<0.0001"]
    assert {len(each) - each.index(".") for each in shown} == {5}
    plain = ("8.42", "0", "1234.5")
    assert not figures.fine_column(plain)
    shown = [figures.bare(money(each)) for each in plain]
    assert {len(each) - each.index(".") for each in shown} == {3}


def test_below_a_cent() -> None:
    assert figures.below_a_cent(money("0.0099"))
    assert not figures.below_a_cent(money("0.01"))
    assert not figures.below_a_cent(money("0"))


def test_size_and_instant() -> None:
    assert figures.size(930) == "930 B"
    assert figures.size(4_100) == "4.1 kB"
    assert figures.size(1_200_000) == "1.2 MB"
    read = figures.instant("2026-11-21T10:52:09Z")
    assert read is not None
    assert read.isoformat() == "2026-11-21T10:52:09+00:00"
    assert figures.instant("yesterday") is None
    assert figures.instant("2026-11-21T10:52:09") is None


@pytest.mark.parametrize(
    ("left", "text"),
    [
        ("20", "$20.00"),
        ("19.9965", "$19.99"),
        ("0.01", "$0.01"),
        ("0.00000009", "<$0.01"),
        ("0", "$0.00"),
    ],
)
def test_what_is_left_is_never_rounded_up(left: str, text: str) -> None:
    assert figures.room(money(left)) == text


@settings(max_examples=100)
@given(st.from_regex(r"[-+]?[0-9_ ]{0,9}\.?[0-9]{0,14}([eE][0-9])?", fullmatch=True))
def test_an_amount_is_read_as_money_reads_it(amount: str) -> None:
    try:
        exact = Money.usd(amount)
    except ValueError:
        exact = Money()
    assert money(amount) == exact
