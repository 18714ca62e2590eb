from __future__ import annotations

import json

from faregate.cli.exit_codes import ExitCode
from faregate.config.paths import Paths
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli
from tests.cli.cost_home import fill


def test_a_word_is_kept_without_a_proxy(cli: Cli, paths: Paths) -> None:
    fill(paths)
    result = cli("outcome", "aider-1", "accepted", "--note", "after all")
    assert (result.code, result.out) == (0, "aider-1: accepted\n")
    document = json.loads(cli("sessions", "--json").out)
    assert {each["outcome"] for each in document["sessions"]} == {"accepted"}


def test_the_proxy_is_told(cli: Cli, proxy: AskedProxy) -> None:
    document = json.loads(cli("outcome", "web/main", "rejected", "--json").out)
    assert document == {"session": "web/main", "outcome": "rejected"}
    assert proxy.asked("/v1/outcomes") == [
        {"session": "web/main", "outcome": "rejected"}
    ]


def test_a_session_that_never_was(cli: Cli, paths: Paths) -> None:
    fill(paths)
    result = cli("outcome", "nobody", "accepted", "--json")
    assert result.code == ExitCode.FAILED
    assert "no session 'nobody'" in json.loads(result.out)["error"]["message"]


def test_another_word_is_a_usage_error(cli: Cli, paths: Paths) -> None:
    assert cli("outcome", "s", "maybe").code == ExitCode.USAGE
    assert cli("outcome", "s" * 500, "accepted").code == ExitCode.USAGE
