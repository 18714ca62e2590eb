"""What was burned: the surest sign counts, units are never mixed, doubt is said."""

from __future__ import annotations

from decimal import Decimal

import pytest

from faregate.smoke.balance.burn import Burn, BurnMethod, burn_of
from faregate.smoke.balance.limit_delta import limit_delta
from faregate.smoke.balance.spent import Spent
from faregate.smoke.balance.values import Balance, NoBalance, Unit
from faregate.smoke.balance.words import balance_words, burn_words
from faregate.smoke.rate_limits import RateLimit

NOTHING = NoBalance(why="nothing to ask")


def left(
    amount: str,
    unit: Unit = Unit.USD,
    *,
    step: str = "0.01",
    stale_s: int = 0,
    window: str = "",
) -> Balance:
    return Balance(
        remaining=Decimal(amount),
        unit=unit,
        resolution=Decimal(step),
        stale_s=stale_s,
        window=window,
    )


def one(
    at_s: float = 0.0,
    *,
    tokens: int | None = 100,
    reported: str | None = None,
    expected: str | None = "0.10",
    limits: tuple[RateLimit, ...] = (),
) -> Spent:
    return Spent(
        at_s=at_s,
        tokens=tokens,
        reported=None if reported is None else Decimal(reported),
        expected=None if expected is None else Decimal(expected),
        limits=limits,
    )


def burned(
    before: Balance | NoBalance | None,
    after: Balance | NoBalance | None,
    *spent: Spent,
    elapsed_s: float = 5.0,
) -> Burn:
    found = burn_of(before, after, spent or (one(),), elapsed_s=elapsed_s)
    assert found is not None
    return found


def test_a_balance_that_went_down_is_the_surest_sign() -> None:
    found = burned(left("10.00"), left("9.90"), one(reported="0.5"))
    assert found.method is BurnMethod.BALANCE
    assert (found.amount, found.unit) == (Decimal("0.10"), "USD")
    assert found.ratio == 1
    assert not found.odd
    assert "nothing else uses this key" in found.resolution_note


@pytest.mark.parametrize(("after", "odd"), [("9.70", True), ("9.90", False)])
def test_a_burn_beyond_the_price_is_odd(after: str, odd: bool) -> None:
    assert burned(left("10.00"), left(after)).odd is odd


def test_a_burn_below_the_resolution_falls_back_and_says_so() -> None:
    found = burned(left("10.00"), left("10.00"), one(expected="0.0004"))
    assert found.method is BurnMethod.ESTIMATE
    assert found.amount == Decimal("0.0004")
    assert "resolution of 0.01 USD" in found.resolution_note
    assert "--profile costly" in found.resolution_note


def test_a_few_steps_of_a_balance_have_no_ratio() -> None:
    found = burned(left("10.00"), left("9.97"), one(expected="0.01"))
    assert found.method is BurnMethod.BALANCE
    assert found.ratio is None
    assert not found.odd
    assert "too few steps" in found.resolution_note


def test_cny_is_shown_and_never_compared_with_usd() -> None:
    found = burned(left("70.00", Unit.CNY), left("69.00", Unit.CNY))
    assert (found.amount, found.unit) == (Decimal(1), "CNY")
    assert found.expected is None
    assert found.ratio is None
    assert "CNY" in burn_words(found)
    assert "$" not in burn_words(found)


def test_a_wallet_that_changed_its_currency_is_not_compared() -> None:
    found = burned(left("70.00", Unit.CNY), left("10.00"))
    assert found.method is BurnMethod.ESTIMATE
    assert "changed its unit" in found.resolution_note


def test_a_balance_that_went_up_is_not_compared() -> None:
    found = burned(left("1.00"), left("21.00"))
    assert found.method is BurnMethod.ESTIMATE
    assert "went up" in found.resolution_note


def test_a_stale_balance_is_compared_only_after_it_was_renewed() -> None:
    before, after = left("10.00", stale_s=60), left("9.90", stale_s=60)
    early = burned(before, after, one(reported="0.1"), elapsed_s=59)
    assert early.method is BurnMethod.REPORTED
    assert "60 s old" in early.resolution_note
    assert burned(before, after, elapsed_s=60).method is BurnMethod.BALANCE


def test_a_plan_is_shown_in_its_own_unit() -> None:
    before = left("88", Unit.PERCENT, step="1", window="5h")
    found = burned(before, before)
    assert found.method is BurnMethod.BALANCE
    assert found.ratio is None
    assert burn_words(found) == "plan 5h: 88 → 88% left"


def test_a_plan_of_requests_is_compared_with_requests() -> None:
    before = left("61", Unit.REQUESTS, step="1", window="5h")
    after = left("55", Unit.REQUESTS, step="1", window="5h")
    found = burned(before, after, one(), one(), one())
    assert (found.amount, found.expected, found.ratio) == (
        Decimal(6),
        Decimal(3),
        Decimal(2),
    )
    assert found.odd


def limit(
    remaining: int | None,
    what: str = "tokens",
    *,
    size: int | None = 30_000,
    reset_s: float | None = None,
) -> tuple[RateLimit, ...]:
    return (RateLimit(what=what, limit=size, remaining=remaining, reset_s=reset_s),)


def test_limits_count_where_no_balance_is_told() -> None:
    found = burned(
        NOTHING,
        NOTHING,
        one(0, limits=limit(29_871)),
        one(1, limits=limit(29_700)),
        one(2, limits=limit(29_600)),
    )
    assert found.method is BurnMethod.LIMITS
    assert (found.amount, found.expected) == (Decimal(271), Decimal(200))
    assert not found.odd
    assert burn_words(found) == "remaining 29871 → 29600 tokens, used 200"


def test_a_bucket_that_refills_is_taken_into_account() -> None:
    # 1000 are missing and come back within 10 s, so 500 came back in 5 s.
    found = limit_delta(
        (
            one(0, limits=limit(29_000, reset_s=10)),
            one(5, limits=limit(29_400, reset_s=6)),
        )
    )
    assert found is not None
    assert (found.counted, found.least) == (100, 0)


def test_a_bucket_never_gets_more_back_than_it_lost() -> None:
    found = limit_delta(
        (
            one(0, limits=limit(29_000, reset_s=1)),
            one(500, limits=limit(29_900, reset_s=0.1)),
        )
    )
    assert found is not None
    assert found.counted == 100


def test_tokens_go_before_requests() -> None:
    both = (*limit(10, "requests", size=20), *limit(29_000))
    after = (*limit(9, "requests", size=20), *limit(28_000))
    found = limit_delta((one(0, limits=both), one(1, limits=after)))
    assert found is not None
    assert (found.what, found.counted) == ("tokens", 1000)


def test_requests_count_where_tokens_do_not() -> None:
    found = limit_delta(
        (
            one(0, limits=limit(100, "requests", size=1000)),
            one(1, limits=limit(98, "requests", size=1000)),
        )
    )
    assert found is not None
    assert (found.what, found.counted, found.expected) == ("requests", 2, 1)


def test_a_limit_without_a_name_counts_requests() -> None:
    spent = (one(0, limits=limit(60, "")), one(1, limits=limit(59, "")))
    found = limit_delta(spent)
    assert found is not None
    assert (found.what, found.expected) == ("requests", 1)


@pytest.mark.parametrize(
    "limits", [(), limit(None), limit(5, "images"), limit(None, size=-1)]
)
def test_limits_that_say_nothing_are_no_sign(limits: tuple[RateLimit, ...]) -> None:
    assert limit_delta((one(0, limits=limits), one(1, limits=limits))) is None


def test_one_answer_alone_shows_no_difference() -> None:
    assert limit_delta((one(limits=limit(5)),)) is None


def test_a_stated_cost_goes_before_a_coarse_limit() -> None:
    found = burned(
        NOTHING,
        NOTHING,
        one(0, limits=limit(29_871), reported="0.2"),
        one(1, limits=limit(29_700), reported="0.3"),
    )
    assert found.method is BurnMethod.REPORTED
    assert found.amount == Decimal("0.5")
    assert found.ratio == Decimal("2.5")
    assert found.odd


def test_a_cost_stated_for_some_requests_only_is_no_exact_sum() -> None:
    found = burned(
        NOTHING,
        NOTHING,
        one(0, limits=limit(29_871), reported="0.2"),
        one(1, limits=limit(29_700)),
    )
    assert found.method is BurnMethod.LIMITS


def test_an_estimate_is_marked() -> None:
    found = burned(NOTHING, NOTHING)
    assert found.method is BurnMethod.ESTIMATE
    assert found.ratio is None
    assert burn_words(found) == "burn ~$0.10 (estimate)"


def test_without_a_price_nothing_is_claimed() -> None:
    assert burn_of(None, None, (one(expected=None),), elapsed_s=1) is None
    assert burn_of(left("2"), left("1"), (), elapsed_s=1) is None


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (left("12.30"), "$12.30"),
        (left("-0.5"), "-$0.50"),
        (left("12.3", Unit.CNY), "12.30 CNY"),
        (left("88", Unit.PERCENT, window="5h"), "5h 88%"),
        (NOTHING, "nothing to ask"),
    ],
)
def test_what_is_left_in_words(found: Balance | NoBalance, words: str) -> None:
    assert balance_words(found) == words
