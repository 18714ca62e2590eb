"""Stopping the proxy and waiting for its end."""

from __future__ import annotations

import json

from faregate.cli.exit_codes import ExitCode
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli
from tests.control import scenes


def asked(proxy: AskedProxy) -> int:
    return [each.path for each in proxy.seen].count("/v1/shutdown")


def test_nothing_to_stop_is_fine(cli: Cli) -> None:
    result = cli("down")
    assert (result.code, result.out) == (0, "")
    assert "no proxy was running" in result.err
    assert json.loads(cli("down", "--json").out) == {"stopped": False}


def test_it_waits_for_the_end(cli: Cli, proxy: AskedProxy) -> None:
    proxy.ends = True
    result = cli("down", "--json")
    assert (result.code, json.loads(result.out)) == (0, {"stopped": True})
    assert asked(proxy) == 1


def test_what_runs_may_finish_unless_it_is_now(cli: Cli, proxy: AskedProxy) -> None:
    proxy.snapshot = scenes.snapshot(flights=[scenes.flight("f1", "s1")])
    proxy.ends = True
    result = cli("down", "--now")
    assert result.code == 0
    assert asked(proxy) == 2
    assert "may finish" not in result.err


def test_a_proxy_that_takes_too_long_is_told(cli: Cli, proxy: AskedProxy) -> None:
    proxy.snapshot = scenes.snapshot(flights=[scenes.flight("f1", "s1")])
    result = cli("down", "--timeout", "0.1")
    assert result.code == ExitCode.FAILED
    assert "1 running requests may finish" in result.err
    assert "still finishing" in result.err


def test_a_refusal_is_passed_on(cli: Cli, proxy: AskedProxy) -> None:
    proxy.refuse("/v1/shutdown", 403, "forbidden", "started by faregate run")
    result = cli("down")
    assert result.code == ExitCode.REFUSED
    assert "started by faregate run" in result.err
