"""The price table only grows: a row that was published is never overwritten."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from faregate.providers.price_table import PriceTable
from tests.scripts.price_wheels import Sources, entry, only


class TestSuperseding:
    def test_a_changed_price_is_a_new_row_from_today(
        self, script: Any, sources: Sources, capsys: pytest.CaptureFixture[str]
    ) -> None:
        sources.litellm({"gpt-9": entry(2e-06, 1e-05)})
        sources.run(script)
        sources.litellm({"gpt-9": entry(3e-06, 1e-05)})
        later = date(2026, 12, 24)
        file = sources.run(script, today=later)
        assert [(r.since, r.input) for r in file.rows] == [(None, "2"), (later, "3")]
        assert "price changed: openai/gpt-9" in capsys.readouterr().out
        table = PriceTable.from_json(sources.table.read_bytes())
        before = table.row("openai", "gpt-9", date(2026, 12, 23))
        after = table.row("openai", "gpt-9", later)
        assert before is not None
        assert after is not None
        assert (before.base.input, after.base.input) == (2_000_000, 3_000_000)

    def test_the_same_price_keeps_its_row_and_takes_new_facts(
        self, script: Any, sources: Sources
    ) -> None:
        sources.litellm({"gpt-9": entry(2e-06, 1e-05)})
        sources.run(script)
        sources.litellm({"gpt-9": entry(2e-06, 1e-05, max_input_tokens=1000)})
        row = only(sources.run(script, today=date(2026, 12, 24)))
        assert (row.since, row.context) == (None, 1000)

    def test_a_model_that_no_source_lists_stays(
        self, script: Any, sources: Sources, capsys: pytest.CaptureFixture[str]
    ) -> None:
        sources.litellm({"gpt-9": entry(2e-06, 1e-05)})
        sources.run(script)
        sources.litellm({})
        assert only(sources.run(script)).model == "gpt-9"
        assert "no longer in any source, kept: openai/gpt-9" in capsys.readouterr().out
        assert sources.run(script, "--fresh").rows == ()

    def test_a_second_run_changes_nothing(self, script: Any, sources: Sources) -> None:
        sources.litellm({"gpt-9": entry(2e-06, 1e-05), "gpt-8": entry(1e-06, 1e-05)})
        sources.run(script)
        first = sources.table.read_bytes()
        sources.run(script)
        assert sources.table.read_bytes() == first


def test_the_data_of_a_wheel_is_never_run(script: Any, sources: Sources) -> None:
    sources.genai("__import__('os').abort()")
    with pytest.raises((KeyError, TypeError, ValueError)):
        sources.run(script)


def test_a_missing_wheel_is_told(script: Any, sources: Sources) -> None:
    next(sources.folder.glob("litellm-*.whl")).unlink()
    with pytest.raises(SystemExit, match="0 wheels of litellm"):
        sources.run(script)


def test_a_table_that_grew_too_large_is_not_written(
    script: Any, sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "LARGEST_TABLE", 100)
    sources.litellm({"gpt-9": entry(2e-06, 1e-05)})
    with pytest.raises(AssertionError):
        sources.run(script)
    assert not sources.table.exists()


def test_the_hand_written_rows_of_the_project_can_be_read(script: Any) -> None:
    text = script.HAND_ROWS.read_text(encoding="utf-8")
    decisions = script.Decisions.from_toml(tomllib.loads(text))
    assert {row.provider for row in decisions.rows} == {"dashscope", "deepseek"}
    assert all(Decimal(margin) >= 1 for margin in decisions.margins.values())
