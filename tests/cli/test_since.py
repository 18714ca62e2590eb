from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click
import pytest

from faregate.cli import since


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(since, "now_ms", lambda: 1_795_000_000_000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("all", 0),
        ("7d", 1_795_000_000_000 - 7 * 86_400_000),
        ("1h30m", 1_795_000_000_000 - 5_400_000),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC).timestamp() * 1000),
        ("2026-11-01T12:00:00+01:00", 1_793_530_800_000),
        ("1960-01-01", 0),
    ],
)
def test_each_way_to_say_it(text: str, expected: float) -> None:
    assert since.since_ms(text, UTC) == expected


def test_a_date_begins_at_the_local_midnight() -> None:
    zone = ZoneInfo("America/New_York")
    assert since.since_ms("2026-11-20", zone) == since.since_ms(
        "2026-11-20T05:00:00+00:00", UTC
    )


@pytest.mark.parametrize("text", ["", "7", "yesterday", "-3d", "2026-13-01"])
def test_nonsense_is_a_usage_error(text: str) -> None:
    with pytest.raises(click.UsageError, match="is no time"):
        since.since_ms(text, UTC)
