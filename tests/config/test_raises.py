"""What was raised for a while is kept, and nonsense raises nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from faregate.config.files import write_private
from faregate.config.kinds import Cap
from faregate.config.paths import Paths, find_paths
from faregate.config.raises import Raised, read_raises, slot_of, write_raises
from faregate.core.money import Money


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    tmp_path.chmod(0o700)
    found = find_paths({"FAREGATE_HOME": str(tmp_path)})
    found.state_dir.mkdir(mode=0o700)
    return found


def test_what_is_written_is_read(paths: Paths) -> None:
    assert read_raises(paths) == ()
    kept = (
        Raised(slot=slot_of("global", "month"), cap=Cap(Money.usd(50)), until_ms=5),
        Raised(slot=slot_of("agent:codex", "day"), cap=Cap(None), until_ms=6),
    )
    write_raises(paths, kept)
    assert read_raises(paths) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "{}5",
        "[5]",
        '[{"scope": "global"}]',
        '[{"scope": "moon", "window": "month", "limit": "5", "until_ms": 1}]',
        '[{"scope": "global", "window": "month", "limit": 5, "until_ms": 1}]',
        '[{"scope": "global", "window": "month", "limit": "5", "until_ms": "x"}]',
    ],
)
def test_nonsense_raises_nothing(paths: Paths, text: str) -> None:
    write_private(paths.state_dir / "raises.json", text.encode())
    assert read_raises(paths) == ()


def test_a_budget_that_cannot_be_is_no_slot() -> None:
    with pytest.raises(ValueError, match="no scope"):
        slot_of("moon:x", "month")
    with pytest.raises(ValueError, match="session"):
        slot_of("global", "session")
