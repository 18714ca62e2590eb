"""What each kind of trouble allows, how long to wait, and how many retries there are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faregate.core.retrying import (
    Failure,
    RepeatPaid,
    RetryPolicy,
    RetryPurse,
    Trouble,
    may_go_elsewhere,
    may_repeat,
    wait_before,
)

POLICY = RetryPolicy(base=0.5, longest=8.0, max_wait=10.0)


def failure(
    trouble: Trouble, *, free: bool = True, wait: float | None = None
) -> Failure:
    return Failure(trouble=trouble, message="x", free=free, retry_after=wait)


@pytest.mark.parametrize("trouble", Trouble)
def test_only_what_no_provider_is_at_fault_for_goes_nowhere(trouble: Trouble) -> None:
    wanted = trouble not in {Trouble.REQUEST, Trouble.REJECTED, Trouble.LOCAL}
    assert may_go_elsewhere(failure(trouble), RepeatPaid.NEVER) is wanted


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble.KEY,
        Trouble.QUOTA,
        Trouble.FORBIDDEN,
        Trouble.MODEL_GONE,
        Trouble.CONTEXT,
        Trouble.REQUEST,
    ],
)
def test_what_stays_as_it_is_is_not_repeated(trouble: Trouble) -> None:
    assert not may_repeat(failure(trouble), RepeatPaid.ANYWHERE)


@pytest.mark.parametrize(
    ("repeat_paid", "elsewhere", "again"),
    [
        (RepeatPaid.NEVER, False, False),
        (RepeatPaid.ELSEWHERE, True, False),
        (RepeatPaid.ANYWHERE, True, True),
    ],
)
def test_what_may_have_been_paid_for_is_repeated_as_configured(
    repeat_paid: RepeatPaid, elsewhere: bool, again: bool
) -> None:
    paid = failure(Trouble.TIMEOUT, free=False)
    assert may_go_elsewhere(paid, repeat_paid) is elsewhere
    assert may_repeat(paid, repeat_paid) is again


def test_waits_double_and_are_jittered_in_full() -> None:
    lost = failure(Trouble.CONNECT)
    assert [wait_before(lost, n, POLICY, 1.0) for n in (1, 2, 3, 9)] == [0.5, 1, 2, 8]
    assert wait_before(lost, 3, POLICY, 0.0) == 0
    assert wait_before(lost, 3, POLICY, 0.25) == 0.5


def test_what_a_provider_asks_for_is_waited_at_least_or_not_at_all() -> None:
    assert wait_before(failure(Trouble.RATE_LIMIT, wait=2), 1, POLICY, 0.0) == 2
    assert wait_before(failure(Trouble.RATE_LIMIT, wait=2), 1, POLICY, 1.0) == 2.5
    assert wait_before(failure(Trouble.RATE_LIMIT, wait=11), 1, POLICY, 0.0) is None


def test_a_quiet_provider_has_three_retries_and_gets_them_back_with_time() -> None:
    purse = RetryPurse()
    assert [purse.spend(0) for _ in range(4)] == [True, True, True, False]
    assert not purse.spend(9)
    assert purse.spend(19)
    assert not purse.spend(19)


def test_asking_often_does_not_keep_a_purse_empty() -> None:
    purse = RetryPurse()
    assert sum(purse.spend(tick / 10) for tick in range(200)) == 3 + 1


@given(st.lists(st.booleans(), max_size=100))
def test_never_more_retries_than_a_fifth_and_the_floor(wants: list[bool]) -> None:
    purse = RetryPurse()
    requests = retries = 0
    for wants_retry in wants:
        requests += 1
        purse.earn()
        if wants_retry and purse.spend(0):
            retries += 1
    assert retries <= requests / 5 + 3
