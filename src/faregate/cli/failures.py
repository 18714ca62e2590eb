"""Every failure of a command: what is said, and the exit code."""

from __future__ import annotations

import click

from faregate.cli import output
from faregate.cli.exit_codes import ExitCode
from faregate.config.problems import ConfigError
from faregate.control.errors import ControlError, ProxyNotRunning

START_HINT = "Start it with: faregate up"
# What the proxy answers when it was asked for something that a person must do.
_REFUSED = frozenset({"forbidden", "budget_exceeded"})


def report(error: BaseException, *, as_json: bool) -> int:
    """Say what went wrong and return the exit code; nobody sees a traceback."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and not as_json:
        output.note(error.format_message())
        return ExitCode.USAGE
    code, name, message = describe(error)
    if as_json:
        output.failure(name, message)
    output.error(message)
    return int(code)


def describe(error: BaseException) -> tuple[ExitCode, str, str]:
    """Return the exit code, a stable word for scripts, and the message."""
    match error:
        case output.CliError():
            return error.exit_code, error.code, error.message
        case ConfigError():
            return ExitCode.USAGE, "config", str(error)
        case ControlError():
            return _of_proxy(error)
        case click.ClickException():
            return _of_click(error)
        case click.Abort() | KeyboardInterrupt():
            return ExitCode.INTERRUPTED, "interrupted", "interrupted"
        case _:
            return ExitCode.FAILED, *_unexpected(error)


def _of_proxy(error: ControlError) -> tuple[ExitCode, str, str]:
    if isinstance(error, ProxyNotRunning):
        return ExitCode.UNREACHABLE, error.code, f"{error.message}. {START_HINT}"
    refused = error.code in _REFUSED
    return ExitCode.REFUSED if refused else ExitCode.FAILED, error.code, error.message


def _of_click(error: click.ClickException) -> tuple[ExitCode, str, str]:
    message = error.format_message()
    if not isinstance(error, click.UsageError):
        return ExitCode.FAILED, "failed", message
    if error.ctx is not None:
        message += f"\nSee: {error.ctx.command_path} --help"
    return ExitCode.USAGE, "usage", message


def _unexpected(error: BaseException) -> tuple[str, str]:
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return "system", f"{where}{error.strerror or error}"
    # Faults of the engine carry a sentence of their own; it may not be imported here.
    if type(error).__module__.startswith("faregate."):
        return "failed", str(error)
    name = type(error).__name__
    hint = "a fault of Faregate: FAREGATE_DEBUG=1 shows where"
    return "internal", f"{name}: {error} ({hint})"
