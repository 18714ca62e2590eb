"""Limits for a while and for one session outlive the process."""

from __future__ import annotations

import pytest

from faregate.config.files import make_private_dir
from faregate.config.paths import Paths
from faregate.config.set_limits import (
    FILE,
    MOST_SESSIONS,
    SetLimits,
    read_set_limits,
    write_set_limits,
)
from faregate.core.limits.effective import Timed
from faregate.core.money import Money


@pytest.fixture(autouse=True)
def state_dir(paths: Paths) -> None:
    make_private_dir(paths.state_dir)


def test_what_was_set_comes_back(paths: Paths) -> None:
    sessions = {"session:a/b": {"requests": 5, "spend_per_minute": Money.usd("0.5")}}
    timed = {
        "all": {"wall_clock": Timed(value=5400.0, until_ms=7)},
        "agent:codex": {"retries": Timed(value=None, until_ms=8)},
    }
    write_set_limits(paths, sessions, timed)
    found = read_set_limits(paths)
    assert (found.sessions, found.timed) == (sessions, timed)
    assert (paths.state_dir / FILE).stat().st_mode & 0o777 == 0o600


def test_only_the_latest_sessions_are_kept(paths: Paths) -> None:
    many = {f"session:{n}": {"requests": n + 1} for n in range(MOST_SESSIONS + 5)}
    write_set_limits(paths, many, {})
    found = read_set_limits(paths)
    assert len(found.sessions) == MOST_SESSIONS
    assert "session:4" not in found.sessions
    assert "session:5" in found.sessions


@pytest.mark.parametrize(
    "content",
    [
        b"no json",
        b'[{"scope": "all"}]',
        b'[{"scope": "moon", "limit": "requests", "value": "1", "until_ms": 1}]',
        b'[{"scope": "all", "limit": "requests", "value": "1", "until_ms": "x"}]',
        b'[{"scope": "all", "limit": "nonsense", "value": "1", "until_ms": 1}]',
        b"[1]",
    ],
)
def test_of_a_file_that_is_broken_nothing_holds(paths: Paths, content: bytes) -> None:
    assert read_set_limits(paths) == SetLimits()
    file = paths.state_dir / FILE
    file.write_bytes(content)
    file.chmod(0o600)
    assert read_set_limits(paths) == SetLimits()
