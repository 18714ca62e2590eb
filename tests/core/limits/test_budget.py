"""Which budget windows count a request."""

from __future__ import annotations

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from faregate.core.holds import BudgetWindow
from faregate.core.labels import Labels
from faregate.core.limits import budget
from faregate.core.limits.budget import BudgetMatcher, BudgetRule, matching
from faregate.core.money import Money
from faregate.core.windows import WindowKind, bounds

NOW = 1_795_438_800
LABELS = Labels(
    workspace="shop", agent="codex", user="ann", task="T-1", customer="acme"
)


def rule(kind: Any, limit: str, **fields: Any) -> BudgetRule:
    values = {"window": WindowKind.MONTH, **fields}
    return BudgetRule(scope_kind=kind, limit=Money.usd(limit), **values)


def match(*rules: BudgetRule, **fields: Any) -> dict[tuple[str, str], str | None]:
    """Scope and window of everything that counts, with its limit."""
    values: dict[str, Any] = {
        "labels": LABELS,
        "root_session": "s1",
        "provider": "openrouter",
        "model": "anthropic/claude-x",
        "now": NOW,
        "tz": UTC,
    }
    found = matching(rules, **(values | fields))
    assert len({(w.scope, w.window, w.starts_at) for w in found}) == len(found)
    return {
        (w.scope, w.window): None if w.limit is None else w.limit.exact() for w in found
    }


ALWAYS: dict[tuple[str, str], str | None] = {
    ("global", "month"): None,
    ("global", "day"): None,
    ("session:s1", "session"): None,
}


def test_without_rules_the_world_and_the_session_are_counted() -> None:
    assert match() == ALWAYS


def test_windows_are_concrete() -> None:
    found = matching(
        (),
        labels=LABELS,
        root_session="s1",
        provider="p",
        model="m",
        now=NOW,
        tz=ZoneInfo("Asia/Tokyo"),
    )
    month = bounds(WindowKind.MONTH, NOW, ZoneInfo("Asia/Tokyo"))
    assert found[0] == BudgetWindow(
        scope="global",
        window="month",
        starts_at=month.starts_at,
        ends_at=month.ends_at,
    )
    assert found[2] == BudgetWindow(scope="session:s1", window="session")


@pytest.mark.parametrize(
    ("kind", "name", "scope"),
    [
        ("workspace", "shop", "workspace:shop"),
        ("workspace", None, "workspace:shop"),
        ("workspace", "other", None),
        ("agent", "codex", "agent:codex"),
        ("agent", None, "agent:codex"),
        ("task", None, "task:T-1"),
        ("customer", "acme", "customer:acme"),
        ("provider", "openrouter", "provider:openrouter"),
        ("provider", "openai", None),
        ("provider", None, "provider:openrouter"),
        ("model", "anthropic/claude-x", "model:anthropic/claude-x"),
        (
            "model",
            "openrouter/anthropic/claude-x",
            "model:openrouter/anthropic/claude-x",
        ),
        ("model", "claude-x", None),
        ("model", None, "model:anthropic/claude-x"),
        ("session", "s1", "session:s1"),
        ("session", "s2", None),
    ],
)
def test_a_rule_applies_to_its_scope(
    kind: str, name: str | None, scope: str | None
) -> None:
    expected = dict(ALWAYS)
    if scope is not None:
        expected[scope, "month"] = "5"
    assert match(rule(kind, "5", name=name)) == expected


@pytest.mark.parametrize("kind", ["workspace", "agent", "task", "customer"])
@pytest.mark.parametrize("name", [None, "x"])
def test_an_absent_label_matches_no_rule(kind: str, name: str | None) -> None:
    assert match(rule(kind, "5", name=name), labels=Labels()) == ALWAYS


def test_rules_limit_what_is_counted_anyway() -> None:
    found = match(
        rule("global", "20"),
        rule("global", "3", window=WindowKind.DAY),
        rule("session", "2", window=WindowKind.SESSION),
    )
    assert list(found.values()) == ["20", "3", "2"]
    assert found.keys() == ALWAYS.keys()


def test_the_tighter_of_two_limits_on_one_window_counts() -> None:
    assert match(rule("global", "5"), rule("global", "3"), rule("global", "4"))[
        "global", "month"
    ] == ("3")
    both = match(rule("agent", "5"), rule("agent", "2", name="codex"))
    assert both["agent:codex", "month"] == "2"


@pytest.mark.parametrize("window", [WindowKind.WEEK, WindowKind.TOTAL, WindowKind.DAY])
def test_other_windows(window: WindowKind) -> None:
    found = match(rule("customer", "7", window=window))
    assert found["customer:acme", window.value] == "7"


@pytest.mark.parametrize(
    "wrong",
    [
        {"scope_kind": "planet"},
        {"scope_kind": "global", "name": "x"},
        {"scope_kind": "agent", "window": WindowKind.SESSION},
        {"limit": Money(-1)},
    ],
)
def test_rules_that_mean_nothing_are_refused(wrong: dict[str, Any]) -> None:
    values: dict[str, Any] = {
        "scope_kind": "global",
        "window": WindowKind.MONTH,
        "limit": Money(1),
    }
    with pytest.raises(ValueError, match="budget"):
        BudgetRule(**(values | wrong))


class TestMemory:
    RULES = (rule("global", "20"),)

    def ask(self, matcher: BudgetMatcher, **fields: Any) -> tuple[BudgetWindow, ...]:
        values: dict[str, Any] = {
            "labels": LABELS,
            "root_session": "s1",
            "provider": "p",
            "model": "m",
            "now": NOW,
        }
        return matcher.match(**(values | fields))

    def test_the_same_question_gets_the_same_tuple(self) -> None:
        matcher = BudgetMatcher(self.RULES, UTC)
        assert self.ask(matcher) is self.ask(matcher, now=NOW + 60)

    @pytest.mark.parametrize(
        "other",
        [
            {"root_session": "s2"},
            {"labels": Labels(agent="aider")},
            {"provider": "q"},
            {"model": "n"},
        ],
    )
    def test_another_question_gets_another(self, other: dict[str, Any]) -> None:
        matcher = BudgetMatcher((*self.RULES, rule("agent", "1"), rule("model", "1"),
                                 rule("provider", "1")), UTC)  # fmt: skip
        assert self.ask(matcher) != self.ask(matcher, **other)

    def test_a_new_day_is_noticed_to_the_second(self) -> None:
        matcher = BudgetMatcher(self.RULES, UTC)
        end = self.ask(matcher)[1].ends_at
        assert end is not None
        assert self.ask(matcher, now=end - 1) is self.ask(matcher)
        assert self.ask(matcher, now=end)[1].starts_at == end
        assert self.ask(matcher, now=end - 1)[1].ends_at == end

    def test_it_forgets_before_it_grows_too_large(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(budget, "_MEMO_SIZE", 3)
        matcher = BudgetMatcher(self.RULES, UTC)
        for number in range(10):
            self.ask(matcher, root_session=f"s{number}")
        assert len(matcher._memo) <= 3

    def test_new_rules_and_zones_are_not_taken_for_the_old(self) -> None:
        assert match(rule("global", "5"))["global", "month"] == "5"
        assert match(rule("global", "6"))["global", "month"] == "6"
        berlin = match(rule("global", "6"), tz=ZoneInfo("Europe/Berlin"))
        assert berlin["global", "month"] == "6"


@pytest.mark.parametrize(
    ("scope", "window", "covered"),
    [
        ("global", "month", True),
        ("global", "day", True),
        ("session:any", "session", True),
        ("global", "week", True),
        ("global", "total", False),
        ("agent:codex", "day", True),
        ("agent:aider", "day", True),
        ("workspace:shop", "week", True),
        ("workspace:shop", "day", False),
        ("workspace:shopping", "week", False),
        ("model:p/m", "total", True),
        ("model:m", "total", False),
        ("session:any", "day", False),
    ],
)
def test_which_windows_are_asked_for(scope: str, window: str, covered: bool) -> None:
    rules = (
        rule("global", "1", window=WindowKind.WEEK),
        rule("agent", "1", window=WindowKind.DAY),
        rule("workspace", "1", name="shop", window=WindowKind.WEEK),
        rule("model", "1", name="p/m", window=WindowKind.TOTAL),
    )
    assert BudgetMatcher(rules, UTC).covers(scope, window) is covered
