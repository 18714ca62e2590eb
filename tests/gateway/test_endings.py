"""Which of two failures a client hears of, and what a session escalates for."""

from __future__ import annotations

import pytest

from faregate.core.escalation import Trigger
from faregate.core.retrying import Failure, Trouble
from faregate.gateway.endings import End, telling, trigger_of
from faregate.gateway.inbound import Whole


def end(trouble: Trouble | None) -> End:
    failure = None if trouble is None else Failure(trouble=trouble, message="")
    return End(Whole(status=200), failure)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (Trouble.TIMEOUT, Trouble.RATE_LIMIT, "after"),
        (Trouble.TIMEOUT, Trouble.REQUEST, "before"),
        (Trouble.REJECTED, Trouble.TIMEOUT, "before"),
        (Trouble.REJECTED, Trouble.REJECTED, "after"),
        (Trouble.REJECTED, None, "after"),
        (None, Trouble.REQUEST, "after"),
    ],
)
def test_the_client_hears_of_what_says_more(
    before: Trouble | None, after: Trouble | None, told: str
) -> None:
    kept, latest = end(before), end(after)
    assert telling(kept, latest) is (kept if told == "before" else latest)


def test_the_first_end_is_told() -> None:
    first = end(Trouble.REQUEST)
    assert telling(None, first) is first


def test_a_session_escalates_for_what_a_better_target_may_not_have() -> None:
    assert trigger_of(Failure(trouble=Trouble.TIMEOUT, message="")) is Trigger.TIMEOUT
    assert trigger_of(Failure(trouble=Trouble.KEY, message="")) is None
    said = Failure(trouble=Trouble.TIMEOUT, message="", trigger=Trigger.RATE_LIMIT)
    assert trigger_of(said) is Trigger.RATE_LIMIT
