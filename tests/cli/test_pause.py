"""`faregate pause`."""

from __future__ import annotations

from faregate.cli.exit_codes import ExitCode
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli


def test_a_pause_is_asked_for_and_told(cli: Cli, proxy: AskedProxy) -> None:
    result = cli("pause", "--workspace", "web")
    assert (result.code, result.out) == (0, "workspace web: paused\n")
    assert "x-faregate-confirmed" not in proxy.seen[-1].headers


def test_without_a_proxy(cli: Cli) -> None:
    assert cli("pause", "--all").code == ExitCode.UNREACHABLE
