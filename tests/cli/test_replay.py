"""`faregate replay`: which attempts, and what it says when there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from faregate.cli import replay
from faregate.cli.main import main
from faregate.cli.output import CliError
from tests.control.scenes import NOW
from tests.tui.cost_scene import attempt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faregate.bookkeeping import Bookkeeping
    from faregate.config.paths import Paths
    from faregate.control.cost_log import AttemptView


class Booked:
    """Books with three attempts."""

    def attempts(self, *, since_ms: int) -> Iterator[AttemptView]:
        assert since_ms == 5
        yield from (attempt(f"a{n}", "r", ago) for n, ago in enumerate((90, 60, 30)))


BOOKS = cast("Bookkeeping", Booked())


def test_a_span_ends_where_it_is_told_to() -> None:
    assert len(replay.attempts_between(BOOKS, 5, None)) == 3
    until = int((NOW.timestamp() - 45) * 1000)
    found = replay.attempts_between(BOOKS, 5, until)
    assert [each.attempt for each in found] == ["a0", "a1"]


def test_too_many_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "MOST_ATTEMPTS", 2)
    with pytest.raises(CliError, match="choose a shorter span"):
        replay.attempts_between(BOOKS, 5, None)


def test_without_a_terminal_it_names_the_export(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay"]) == 2
    assert "faregate export" in capsys.readouterr().err
