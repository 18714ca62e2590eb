"""Rows of the providers table, without a screen."""

from __future__ import annotations

import pytest

from faregate.control.smoke_runs import SmokeRunView
from faregate.tui.panels.smoke_cause import cause_lines
from faregate.tui.provider_table import COLUMNS, GROUPS, key_span, provider_rows
from tests.control import scenes
from tests.tui import smoked
from tests.tui.drawing import texts, view_of

NONE: frozenset[str] = frozenset()


def cells(*runs: SmokeRunView, running: frozenset[str] = NONE) -> dict[str, list[str]]:
    store = view_of(scenes.busy()).store
    rows = provider_rows(store, runs, running)
    for row in rows:
        assert len(row.cells) == len(COLUMNS)
    return {row.key: [cell.text for cell in row.cells] for row in rows}


def verdicts(shown: list[str]) -> list[str]:
    return shown[2 : 2 + len(GROUPS)]


def test_columns_stop_at_the_first_failure() -> None:
    found = cells(smoked.ALL_WELL, smoked.NO_USAGE, smoked.GONE)
    assert verdicts(found["openrouter/a"]) == ["ok"] * 6 + ["warn", "n/a"]
    assert verdicts(found["zai/glm-5.3"]) == ["ok"] * 5 + ["FAIL", "-", "-"]
    assert verdicts(found["vllm/local"]) == ["FAIL"] + ["-"] * 7


def test_a_provider_without_a_test_has_a_row_of_its_own() -> None:
    found = cells(smoked.ALL_WELL)
    assert "openrouter" not in found
    assert verdicts(found["anthropic"]) == ["-"] * 8
    assert next(iter(found)) == "openrouter/a"


def test_a_test_that_runs_is_shown() -> None:
    found = cells(smoked.ALL_WELL, running=frozenset({"openrouter/a"}))
    assert verdicts(found["openrouter/a"]) == ["runs"] + ["-"] * 7


@pytest.mark.parametrize(
    ("provider", "has_key", "words"),
    [
        ("openrouter", True, "OPENROUTER_API_KEY set"),
        ("mine", True, "set"),
        ("openrouter", False, "none"),
        ("ollama", False, "none needed"),
    ],
)
def test_where_the_key_is(provider: str, has_key: bool, words: str) -> None:
    assert key_span(provider, has_key).text == words


def test_the_cause_comes_before_every_warning() -> None:
    lines = texts(cause_lines("zai/glm-5.3", smoked.NO_USAGE, True, 80, 9))
    assert lines == [
        "zai/glm-5.3 Usage FAIL: saw usage",
        "means: it costs money",
        "fix: mend it",
    ]
    assert len(cause_lines("zai/glm-5.3", smoked.NO_USAGE, True, 20, 2)) == 2


@pytest.mark.parametrize(
    ("name", "has_key", "words"),
    [
        (None, False, "no provider yet"),
        ("deepseek", False, "set DEEPSEEK_API_KEY where the proxy runs, then: "),
        ("deepseek", True, "r tests it"),
        ("ollama", False, "r tests it"),
        ("mine", False, "r tests it"),
    ],
)
def test_what_to_do_without_a_test(name: str | None, has_key: bool, words: str) -> None:
    assert words in " ".join(texts(cause_lines(name, None, has_key, 200, 3)))


def test_nothing_to_mend() -> None:
    fine = smoked.run("a/b", reach="PASS")
    assert "nothing to mend" in texts(cause_lines("a/b", fine, True, 80, 3))[0]
