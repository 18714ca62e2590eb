"""What `up` says about a proxy that runs."""

from __future__ import annotations

import json

from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli
from tests.control import scenes


def test_the_address_is_the_result_and_the_cap_is_told(
    cli: Cli, proxy: AskedProxy
) -> None:
    result = cli("up")
    assert (result.code, result.out) == (0, "http://127.0.0.1:4747\n")
    assert "was already running" in result.err
    assert "Monthly cap $200.00, spent $164.20." in result.err
    assert 'eval "$(faregate env claude)"' in result.err


def test_a_default_cap_warnings_and_missing_keys_are_told(
    cli: Cli, proxy: AskedProxy
) -> None:
    proxy.snapshot = scenes.snapshot(
        budgets=[scenes.budget("0", "20")],
        told=scenes.setup(
            cap_is_default=True, keys_found=[], warnings=["openai: no key\x1b[2J"]
        ),
    )
    result = cli("up")
    assert "The cap is the default" in result.err
    assert "warning: openai: no key" in result.err
    assert "\x1b" not in result.err
    assert "no provider key was found" in result.err


def test_no_cap_at_all_is_told(cli: Cli, proxy: AskedProxy) -> None:
    proxy.snapshot = scenes.snapshot(budgets=[scenes.budget("1", None)])
    assert "There is no monthly cap" in cli("up").err


def test_json(cli: Cli, proxy: AskedProxy) -> None:
    assert json.loads(cli("up", "--json").out) == {
        "url": "http://127.0.0.1:4747",
        "pid": 4242,
        "started": False,
        "warnings": [],
    }
