"""`faregate pause`."""

from __future__ import annotations

import json

import pytest

from faregate.cli.exit_codes import ExitCode
from faregate.control.governing import LatchView
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli


def test_a_pause_is_asked_for_and_told(cli: Cli, proxy: AskedProxy) -> None:
    result = cli("pause", "--workspace", "web")
    assert (result.code, result.out) == (0, "workspace web: paused\n")
    assert "x-faregate-confirmed" not in proxy.seen[-1].headers


def test_without_a_proxy(cli: Cli) -> None:
    assert cli("pause", "--all").code == ExitCode.UNREACHABLE


def test_alone_it_pauses_everything(cli: Cli, proxy: AskedProxy) -> None:
    result = cli("pause")
    assert (result.code, result.out) == (0, "everything: paused\n")
    assert proxy.asked("/v1/pause") == [{"scope": "all"}]


@pytest.mark.parametrize("word", ["s1", "--all", "--workspace=web"])
def test_a_list_is_no_pause(cli: Cli, proxy: AskedProxy, word: str) -> None:
    assert cli("pause", "--list", word).code == ExitCode.USAGE
    assert proxy.asked("/v1/pause") == []


def test_it_lists(cli: Cli, proxy: AskedProxy) -> None:
    proxy.answers["GET /v1/latches"] = []
    assert "nothing is paused" in cli("pause", "--list").err
    latch = LatchView(
        scope="workspace:web", state="paused", at="2026-11-21T10:00:00Z", who="uid 1"
    )
    proxy.answers["GET /v1/latches"] = [latch]
    listed = cli("pause", "--list").out.splitlines()
    assert listed[1].split()[:2] == ["workspace:web", "paused"]
    document = json.loads(cli("pause", "--list", "--json").out)
    assert document["latches"][0]["state"] == "paused"
    assert proxy.asked("/v1/pause") == []
