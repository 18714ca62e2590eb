from __future__ import annotations

import json

import pytest

from faregate.cli.exit_codes import ExitCode
from faregate.config.paths import Paths
from tests.cli.conftest import Cli
from tests.cli.priced_home import configure

WORK = ("--requests", "100", "--input", "10000", "--output", "1000")


@pytest.fixture
def priced(paths: Paths) -> Paths:
    configure(paths)
    return paths


def test_models_and_routes_the_cheapest_first(cli: Cli, priced: Paths) -> None:
    options = ("--cached", "50", "--escalated", "10", "--json")
    document = json.loads(cli("estimate", "sim", *WORK, *options).out)
    # 5000 at 1, 5000 at 0.1 and 1000 at 2 USD per million, 3000 times.
    assert [(e["name"], e["request"]) for e in document["estimates"]] == [
        ("sim/cheap", "0.0075"),
        ("sim/dear", "0.075"),
    ]
    assert document["estimates"][0]["month"] == "22.5"
    assert document["assumed"]["source"] == "options"
    routes = json.loads(cli("estimate", *WORK, *options).out)["estimates"]
    (route,) = [each for each in routes if each["route"]]
    assert (route["name"], route["month"]) == ("first", "45")


def test_what_a_person_reads(cli: Cli, priced: Paths) -> None:
    result = cli("estimate", "sim", *WORK, "--days", "22")
    assert result.out.startswith("2.2k requests a month, each 10.0k tokens in")
    assert "~$26.40" in result.out
    assert "2 of these pass the monthly cap of $20.00" in result.err


def test_a_model_without_a_price(cli: Cli, priced: Paths) -> None:
    configure(priced, '[models."sim/other"]\ncontext = 1000\n')
    document = json.loads(cli("estimate", "sim/other", *WORK, "--json").out)
    other = document["estimates"][-1]
    assert (other["name"], other["month"]) == ("sim/other", None)
    assert "?" in cli("estimate", "sim/other", *WORK).out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nosuchmodel", *WORK), ExitCode.FAILED),
        ((), ExitCode.USAGE),
        ((*WORK, "--cached", "90", "--cache-write", "20"), ExitCode.USAGE),
        ((*WORK, "--cached", "101"), ExitCode.USAGE),
        ((*WORK, "--since", "soon"), ExitCode.USAGE),
    ],
)
def test_failures_are_documents(
    cli: Cli, priced: Paths, arguments: tuple[str, ...], code: ExitCode
) -> None:
    result = cli("estimate", "--json", *arguments)
    assert result.code == code
    assert "error" in json.loads(result.out)


def test_nothing_to_estimate(cli: Cli, paths: Paths) -> None:
    result = cli("estimate", *WORK)
    assert result.code == ExitCode.USAGE
    assert "name a MODEL" in result.err
