from __future__ import annotations

import json

import pytest

from faregate.cli.exit_codes import ExitCode
from faregate.config.paths import Paths
from tests.cli.conftest import Cli
from tests.cli.priced_home import configure


def test_ones_own_without_a_name(cli: Cli, paths: Paths) -> None:
    configure(paths)
    header, cheap, dear = cli("prices").out.splitlines()
    assert header.split()[:3] == ["MODEL", "INPUT", "CACHED"]
    assert cheap.split()[:3] == ["sim/cheap", "1", "0.1"]
    assert "dearer above 200000 in" in dear
    assert "x2 sat,sun 00:00-12:00 UTC" in dear


def test_the_document(cli: Cli, paths: Paths) -> None:
    configure(paths)
    document = json.loads(cli("prices", "sim/dear", "--json").out)
    (one,) = document["prices"]
    assert (one["target"], one["price"]["source"]) == ("sim/dear", "config")
    assert one["price"]["tiers"][0]["above_input"] == 200_000
    assert document["bundled"]


def test_nothing_of_ones_own(cli: Cli, paths: Paths) -> None:
    assert "no price of your own" in cli("prices").out
    assert json.loads(cli("prices", "--json").out)["prices"] == []


def test_a_price_of_another_day(cli: Cli, paths: Paths) -> None:
    configure(paths)
    document = json.loads(
        cli("prices", "sim/cheap", "--at", "2026-01-02", "--json").out
    )
    assert document["at"] == "2026-01-02"


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("nosuchmodel",), ExitCode.FAILED, "no_such_model"),
        (("--at", "soon"), ExitCode.USAGE, "usage"),
    ],
)
def test_failures_are_documents(
    cli: Cli, paths: Paths, arguments: tuple[str, ...], code: ExitCode, word: str
) -> None:
    result = cli("prices", "--json", *arguments)
    assert result.code == code
    assert json.loads(result.out)["error"]["code"] == word


@pytest.mark.parametrize(
    ("name", "advised"),
    [
        ("sim/nosuchmodel", "prices set sim/nosuchmodel INPUT OUTPUT"),
        ("nosuchmodel", "prices set provider/nosuchmodel INPUT OUTPUT"),
        ("vendor/nosuchmodel", "prices set provider/vendor/nosuchmodel INPUT OUTPUT"),
    ],
)
def test_the_advice_names_a_target_that_can_be_set(
    cli: Cli, paths: Paths, name: str, advised: str
) -> None:
    configure(paths)
    assert advised in cli("prices", name).err
