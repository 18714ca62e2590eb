from __future__ import annotations

import json

from faregate.cli.exit_codes import ExitCode
from faregate.config.paths import Paths
from tests.cli.conftest import Cli
from tests.cli.priced_home import configure


def test_routes_then_models_that_can_be_asked(cli: Cli, paths: Paths) -> None:
    configure(paths)
    lines = cli("models").out.splitlines()
    assert lines[1].split() == ["first", "auto-x", "sim/cheap", "->", "sim/dear"]
    told = {line.split()[0]: line.split() for line in lines[3:]}
    assert told["sim/cheap"] == ["sim/cheap", "128k", "8.2k", "1", "0.1", "2"]
    assert not any(name.startswith("anthropic/") for name in told)


def test_all_of_them(cli: Cli, paths: Paths) -> None:
    configure(paths)
    document = json.loads(cli("models", "--all", "--json").out)
    names = {each["target"] for each in document["models"]}
    assert {"sim/cheap", "anthropic/claude-opus-4-6"} <= names
    assert document["routes"][0]["targets"] == ["sim/cheap", "sim/dear"]
    assert "more; name them" in cli("models", "--all").err


def test_one_that_is_not_there(cli: Cli, paths: Paths) -> None:
    result = cli("models", "nosuchmodel", "--json")
    assert result.code == ExitCode.FAILED
    assert json.loads(result.out)["error"]["code"] == "no_such_model"


def test_nobody_has_a_key(cli: Cli, paths: Paths) -> None:
    assert "no provider has a key" in cli("models").out
    assert json.loads(cli("models", "--json").out) == {"routes": [], "models": []}
