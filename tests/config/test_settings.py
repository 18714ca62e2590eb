"""What settings say of themselves."""

from __future__ import annotations

import dataclasses

import pytest

from faregate.config.load import load
from faregate.config.paths import Paths
from faregate.config.settings import Hidden, ServerSettings


def test_the_address_of_each_host() -> None:
    assert ServerSettings().url == "http://127.0.0.1:4747"
    assert ServerSettings(host="::1", port=1).url == "http://[::1]:1"


def test_a_hidden_value_is_told_in_one_line() -> None:
    hidden = Hidden(key="budget.monthly", configured="20", override="50")
    assert str(hidden) == (
        "budget.monthly = 50 (overrides.toml) hides 20 (config.toml)"
    )


def test_settings_do_not_change(paths: Paths) -> None:
    settings = load(paths)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.ledger_dir = paths.config  # type: ignore[misc]
