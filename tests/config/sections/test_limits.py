"""[limits]: every key, "none", sections of agents, and what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from faregate.config.json_schema import json_schema
from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.config.problems import ConfigError
from faregate.config.schema import LimitKeys
from faregate.config.settings import LimitSettings
from faregate.config.tables import Field
from faregate.core.limits.effective import NAMES
from faregate.core.money import Money


def read(home: Path, text: str) -> LimitSettings:
    home.chmod(0o700)
    (home / "config.toml").write_text(text)
    return load(find_paths({"FAREGATE_HOME": str(home)})).limits


def test_each_limit_has_its_key() -> None:
    fields = [each.name for each in vars(LimitKeys).values() if isinstance(each, Field)]
    assert sorted(fields) == sorted(NAMES)


def test_what_is_written_is_kept_and_nothing_else(tmp_path: Path) -> None:
    limits = read(
        tmp_path,
        """
        [limits]
        requests = 20
        wall_clock = "30m"
        retries = "none"
        spend_per_minute = 0.5
        [limits.agent.codex]
        requests = 5
        [limits.workspace."web.app"]
        requests = 6
        """,
    )
    assert dict(limits.everyone) == {
        "requests": 20,
        "wall_clock": 1800.0,
        "retries": None,
        "spend_per_minute": Money.usd("0.5"),
    }
    assert {name: dict(own) for name, own in limits.by_agent.items()} == {
        "codex": {"requests": 5}
    }
    assert limits.by_scope == {
        "all": limits.everyone,
        "agent:codex": {"requests": 5},
        "workspace:web.app": {"requests": 6},
    }
    assert LimitSettings.of_scopes(limits.by_scope) == limits


def test_nothing_written_chooses_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "") == LimitSettings()


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ("[limits]\nrequests = 0", "limits.requests", "out of range"),
        ("[limits]\nrequests = false", "limits.requests", "not a limit"),
        ("[limits]\nwall_clock = 30", "limits.wall_clock", "no unit"),
        ('[limits]\nwall_clock = "never"', "limits.wall_clock", "not a duration"),
        ("[limits]\nrequest = 5", "limits.request", "no setting"),
        ("[limits.agent.codex]\nrequests = -1", "limits.agent.codex.requests", "range"),
        ('[limits.agent." x"]\nrequests = 1', 'limits.agent." x"', "no name"),
        ("requests = 5", "requests", "belongs under [limits]"),
    ],
)
def test_what_is_wrong_is_said_with_its_key(
    tmp_path: Path, text: str, key: str, says: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    (problem,) = caught.value.problems
    assert problem.key == key
    assert says in problem.message


def test_the_schema_knows_the_section() -> None:
    properties = json_schema()["properties"]
    assert isinstance(properties, dict)
    assert {*NAMES, "agent", "workspace"} == set(properties["limits"]["properties"])
