"""Each failure: an exit code, a word for scripts, a sentence for people."""

from __future__ import annotations

import click
import pytest

from faregate.cli.exit_codes import ExitCode
from faregate.cli.failures import describe, report
from faregate.cli.output import CliError
from faregate.config.problems import ConfigError, Problem
from faregate.control.errors import ControlError, ProxyNotRunning
from faregate.core.holds import LedgerError


@pytest.mark.parametrize(
    ("error", "code", "name"),
    [
        (ConfigError(Problem(message="m")), ExitCode.USAGE, "config"),
        (ProxyNotRunning(), ExitCode.UNREACHABLE, "not_running"),
        (ControlError("timeout", "m"), ExitCode.FAILED, "timeout"),
        (ControlError("forbidden", "m"), ExitCode.REFUSED, "forbidden"),
        (CliError("m", exit_code=ExitCode.REFUSED, code="x"), ExitCode.REFUSED, "x"),
        (click.UsageError("m"), ExitCode.USAGE, "usage"),
        (click.ClickException("m"), ExitCode.FAILED, "failed"),
        (click.Abort(), ExitCode.INTERRUPTED, "interrupted"),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, "interrupted"),
        (PermissionError(13, "Permission denied", "/x"), ExitCode.FAILED, "system"),
        (LedgerError("the ledger is locked"), ExitCode.FAILED, "failed"),
        (RuntimeError("boom"), ExitCode.FAILED, "internal"),
    ],
)
def test_every_error_has_its_exit_code(
    error: BaseException, code: ExitCode, name: str
) -> None:
    found = describe(error)
    assert found[:2] == (code, name)
    assert found[2]


def test_messages_say_what_to_do() -> None:
    assert "faregate up" in describe(ProxyNotRunning())[2]
    assert "FAREGATE_DEBUG=1" in describe(RuntimeError("boom"))[2]
    assert describe(PermissionError(13, "Permission denied", "/x"))[2] == (
        "/x: Permission denied"
    )
    assert describe(LedgerError("locked by 7"))[2] == "locked by 7"


def test_a_plain_exit_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(click.exceptions.Exit(3), as_json=True) == 3
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""
