"""`faregate prices set` and `unset`: always a person's word."""

from __future__ import annotations

import json

import pytest

from faregate.cli.exit_codes import ExitCode
from faregate.config.load import load
from faregate.config.paths import Paths
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli
from tests.cli.terminal import in_terminal

NEW = "openai/nobody-knows"


def test_without_a_proxy_it_counts_from_the_next_start_on(
    cli: Cli, paths: Paths
) -> None:
    assert cli("prices", "set", NEW, "3", "15").code == ExitCode.REFUSED
    assert load(paths).price_overrides == ()
    ended = in_terminal("prices", "set", NEW, "3", "15", "0.3", answer="3")
    assert ended.code == 0
    assert "$3 for a million tokens of input" in ended.screen
    assert "counts from the next start on" in ended.screen
    assert cli("prices").out.splitlines()[1].split()[:3] == [NEW, "3", "0.3"]
    assert cli("prices", "show", NEW).out == cli("prices").out
    assert in_terminal("prices", "unset", NEW, answer="yes").code == 0
    assert load(paths).price_overrides == ()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((NEW, "dear", "15"), "is no price in USD per million tokens"),
        (("nobody/x", "1", "2"), "there is no provider"),
        ((NEW, "0", "0"), "would switch the cap off"),
    ],
)
def test_what_is_wrong_is_said(cli: Cli, arguments: tuple[str, ...], said: str) -> None:
    result = cli("prices", "set", *arguments)
    assert result.code == ExitCode.USAGE
    assert said in result.err


def test_a_running_proxy_is_told_of_the_person(paths: Paths, proxy: AskedProxy) -> None:
    proxy.answers["POST /v1/prices"] = {
        "target": NEW, "before": None, "after": "$3 in, $15 out"
    }  # fmt: skip
    ended = in_terminal("prices", "set", NEW, "3", "15", "--json", answer="3")
    document = json.loads(ended.screen[ended.screen.index("{") :])
    assert document["live"]
    assert document["price"] == "$3 in, $15 out"
    (asked,) = proxy.asked("/v1/prices")
    assert asked == {"target": NEW, "input": "3", "output": "15"}
    assert proxy.seen[-1].headers["x-faregate-confirmed"] == "tty"
    assert not paths.overrides.exists()
