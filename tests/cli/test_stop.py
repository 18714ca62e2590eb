"""`faregate stop`."""

from __future__ import annotations

from faregate.control.governing import LatchAnswer
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli


def test_a_stop_says_what_it_ended(cli: Cli, proxy: AskedProxy) -> None:
    proxy.latched = LatchAnswer(scope="", changed=True, ended=1)
    result = cli("stop", "--all")
    assert (result.code, result.out) == (
        0,
        "everything: stopped; 1 running request ended\n",
    )
    assert proxy.asked("/v1/stop") == [{"scope": "all"}]
