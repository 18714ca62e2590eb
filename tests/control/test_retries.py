"""A retry is the same thing wherever it is counted."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from faregate.cli import receipt, report, sessions, status
from faregate.cli.explanation import lines as explained
from faregate.control.cost_log import ExplainView
from faregate.control.retries import retries_words
from faregate.core.records import SpendRow
from faregate.server.cost_views import sum_view
from faregate.tui import exporting
from faregate.tui.panels.session_detail import traffic_lines
from faregate.tui.sum_table import ROUTE_COLUMNS
from tests.control import scenes
from tests.tui.cost_scene import request

# One retry at the same target, one fallback, one escalation; twice the agent itself.
SESSION = scenes.session("run", requests=6, attempts=9, retries=3, client_retries=2)


def column(lines: list[str], name: str) -> str:
    """Return the first row's cell under a heading that is aligned to the right."""
    end = lines[0].index(name) + len(name)
    return lines[1][:end].split()[-1]


def test_in_tables_of_sessions() -> None:
    assert column(status.session_lines([SESSION]), "RETRY") == "5"
    assert column(sessions.lines([SESSION]), "RETRIES") == "5"


def test_in_the_receipts() -> None:
    told = receipt.receipt([SESSION], "run", 60.0)
    assert " · 5 retries (2 by the agent) · " in told
    markdown = exporting.receipt(SESSION, datetime.now(UTC))
    assert "| retries | 5, by the agent 2 |" in markdown


def test_on_the_screen() -> None:
    (row,) = [
        line
        for line in traffic_lines(SESSION, 40)
        if "retries" in "".join(span.text for span in line)
    ]
    assert re.search(r"retries +5 +agent 2", "".join(span.text for span in row))
    (about,) = [each.about for each in ROUTE_COLUMNS if each.id == "retries"]
    assert "first, and requests agents repeated" in about


def test_in_reports() -> None:
    row = SpendRow(
        key="k", attempts=9, requests=6, retries=3, client_retries=2, fallbacks=1
    )
    view = sum_view(row, key="k")
    assert view.retry_rate == pytest.approx(5 / 6, abs=1e-4)
    assert (view.retries, view.client_retries) == (3, 2)
    assert report.percent(view.retry_rate) == "83%"


def test_in_explanations() -> None:
    asked = replace(request("r"), attempts=3, retries=2, client_retry=True)
    told = explained(ExplainView(request=asked, attempts=[], corrections=[], notes=[]))
    assert "retries       3 retries (1 by the agent)" in told
    once = replace(asked, attempts=1, retries=0, client_retry=False)
    told = explained(ExplainView(request=once, attempts=[], corrections=[], notes=[]))
    assert not [line for line in told if line.startswith("retries")]


def test_the_words() -> None:
    assert retries_words(1, 0) == "1 retry"
    assert retries_words(0, 0) == "0 retries"
    assert retries_words(2, 2) == "2 retries (2 by the agent)"
