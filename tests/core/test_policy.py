"""The words of the configuration are the values of the policy."""

from __future__ import annotations

from faregate.core.policy import OnTight, Unpriced


def test_the_words_that_config_takes() -> None:
    assert [each.value for each in OnTight] == ["wait", "clamp", "refuse"]
    assert [each.value for each in Unpriced] == ["deny", "dearest", "allow"]
