"""What commands set wins, is written whole, and is listed where it hides a value."""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from faregate.config.kinds import Cap
from faregate.config.load import load
from faregate.config.overrides import set_cap, set_limits, set_price
from faregate.config.paths import Paths, find_paths
from faregate.config.problems import ConfigError
from faregate.config.sections.budgets import DAILY, MONTHLY, SESSION, Slot
from faregate.config.settings import Settings
from faregate.core.money import Money
from faregate.core.windows import WindowKind

AGENT = Slot("agent", "codex", WindowKind.WEEK)


def test_an_override_wins_and_is_listed(
    paths: Paths, configured: Callable[[str], Settings]
) -> None:
    set_cap(paths, MONTHLY, Cap(Money.usd(50)))
    settings = configured("[budget]\nmonthly = 20\ndaily = 2\n")
    assert settings.budget.monthly == Money.usd(50)
    assert settings.budget.daily == Money.usd(2)
    assert not settings.budget.monthly_is_default
    (hidden,) = settings.hidden
    assert (hidden.key, hidden.configured, hidden.override) == (
        "budget.monthly",
        "20",
        "50",
    )
    assert str(hidden) in settings.warnings


def test_an_override_of_a_default_hides_nothing(paths: Paths) -> None:
    set_cap(paths, MONTHLY, Cap(Money.usd(50)))
    assert load(paths).hidden == ()


def test_an_override_equal_to_the_configuration_hides_nothing(
    paths: Paths, configured: Callable[[str], Settings]
) -> None:
    set_cap(paths, MONTHLY, Cap(Money.usd("20.00")))
    assert configured("[budget]\nmonthly = 20\n").hidden == ()


def test_setting_keeps_the_others_and_is_private(paths: Paths) -> None:
    set_cap(paths, MONTHLY, Cap(Money.usd("49.5")))
    set_cap(paths, AGENT, Cap(Money.usd("0.000001")))
    set_cap(paths, SESSION, Cap(Money.usd(2)))
    set_cap(paths, MONTHLY, Cap(None))
    text = paths.overrides.read_text()
    assert tomllib.loads(text) == {
        "budget": {"monthly": "none", "session": 2},
        "budgets": [{"scope": "agent:codex", "window": "week", "limit": 0.000001}],
    }
    assert stat.S_IMODE(paths.overrides.stat().st_mode) == 0o600
    settings = load(paths)
    assert settings.budget.monthly is None
    assert settings.budget.session == Money.usd(2)
    assert {rule.name: rule.limit for rule in settings.budget_rules} == {
        None: Money.usd(2),
        "codex": Money(10**6),
    }


def test_the_configuration_itself_is_never_written(
    paths: Paths, configured: Callable[[str], Settings]
) -> None:
    text = "[budget]\nmonthly = 20 # mine\n"
    configured(text)
    set_cap(paths, MONTHLY, Cap(Money.usd(50)))
    assert paths.config.read_text() == text


def test_the_folder_is_made_private_when_missing(paths: Paths) -> None:
    home = paths.config_dir / "new"
    fresh = find_paths({"FAREGATE_HOME": str(home)})
    set_cap(fresh, DAILY, Cap(Money.usd(1)))
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert load(fresh).budget.daily == Money.usd(1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[budget]\nmonthly = 'x'\n", "budget.monthly"),
        ("[server]\nport = 1\n", "server"),
        ("[budget]\non_tight = 'wait'\n", "on_tight"),
        ("nonsense", "overrides.toml:1"),
    ],
)
def test_a_bad_overrides_file_is_refused_and_not_overwritten(
    paths: Paths, text: str, said: str
) -> None:
    paths.overrides.write_text(text)
    with pytest.raises(ConfigError, match=said):
        load(paths)
    with pytest.raises(ConfigError, match=said):
        set_cap(paths, MONTHLY, Cap(Money.usd(50)))
    assert paths.overrides.read_text() == text


def test_an_overrides_file_that_others_can_write_is_refused(paths: Paths) -> None:
    set_cap(paths, MONTHLY, Cap(Money.usd(50)))
    paths.overrides.chmod(0o666)
    with pytest.raises(ConfigError, match="chmod go-w"):
        load(paths)


def test_problems_of_both_files_are_told(
    paths: Paths, configured: Callable[[str], Settings]
) -> None:
    paths.overrides.write_text("[budget]\nmonthly = -1\n")
    with pytest.raises(ConfigError) as caught:
        configured("[budget]\ndaily = -1\n")
    assert [problem.file for problem in caught.value.problems] == [
        paths.config,
        paths.overrides,
    ]


def test_a_window_that_no_scope_has_is_refused(paths: Paths) -> None:
    with pytest.raises(ValueError, match="scope session"):
        set_cap(paths, Slot("global", None, WindowKind.SESSION), Cap(None))


def test_limits_and_prices_stand_beside_the_caps(
    paths: Paths, configured: Callable[[str], Settings]
) -> None:
    set_cap(paths, MONTHLY, Cap(Money.usd(50)))
    chosen: dict[str, Mapping[str, Any]] = {
        "all": {"requests": 300, "spend_per_minute": Money.usd("0.5")},
        "agent:codex": {"wall_clock": 5400.0, "retries": None},
        "workspace:web.app": {"concurrency": 2},
        "session:x": {"requests": 1},
    }
    set_limits(paths, chosen)
    set_price(paths, "openai/new", {"input": Decimal("1.5"), "output": Decimal(6)})
    set_cap(paths, AGENT, Cap(Money.usd(1)))
    written = "[limits]\nrequests = 100\n[limits.agent.codex]\nretries = 7"
    settings = configured(written)
    del chosen["session:x"]
    assert settings.limits_set.by_scope == chosen
    assert settings.limits.everyone == {"requests": 100}
    assert [str(each).partition(" (")[0] for each in settings.hidden] == [
        "limits.requests = 300",
        'limits.agent.codex.retries = "none"',
    ]
    (row,) = settings.price_overrides
    assert (row.provider, row.model, row.source) == ("openai", "new", "config")
    assert len(settings.budget_rules) == 2
    set_limits(paths, {})
    set_price(paths, "openai/new", None)
    settings = configured("")
    assert (settings.limits_set.by_scope, settings.price_overrides) == ({}, ())
    assert len(settings.budget_rules) == 2


def test_a_price_that_was_set_wins(
    paths: Paths, configured: Callable[[str], Settings]
) -> None:
    set_price(paths, "openai/new", {"input": Decimal(3), "output": Decimal(6)})
    written = '[prices."openai/new"]\ninput = 1\noutput = 2\n'
    written += '[prices."openai/other"]\ninput = 1\noutput = 2\n'
    rows = {r.model: r.base.input for r in configured(written).price_overrides}
    assert rows == {"other": 1_000_000, "new": 3_000_000}


def test_what_is_wrong_with_a_limit_there_is_told(paths: Paths) -> None:
    paths.overrides.write_text("[limits]\nrequests = -1\n")
    with pytest.raises(ConfigError, match="requests"):
        load(paths)
    with pytest.raises(ConfigError, match="requests"):
        set_limits(paths, {})
