"""The one kind of value that routes have to themselves."""

from __future__ import annotations

from decimal import Decimal

import pytest

from faregate.config.kinds import NotThisKind
from faregate.config.route_keys import LOGPROB


@pytest.mark.parametrize("value", [0, -1, Decimal("-1.5"), -20])
def test_a_log_probability(value: object) -> None:
    assert LOGPROB.read(value) == float(str(value))


@pytest.mark.parametrize("value", [1, Decimal("0.1"), -21, "-1", True, None])
def test_what_is_none(value: object) -> None:
    with pytest.raises(NotThisKind):
        LOGPROB.read(value)
