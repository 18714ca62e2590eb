"""`faregate down`: stop the proxy."""

from __future__ import annotations

import time

import click

from faregate.cli import output
from faregate.cli.exit_codes import ExitCode
from faregate.cli.output import CliError
from faregate.cli.status_line import is_listening
from faregate.config.paths import Paths, find_paths
from faregate.control.client import ControlClient
from faregate.control.errors import ControlError, ProxyNotRunning

_POLL_SECONDS = 0.05


@click.command()
@click.option("--now", is_flag=True, help="Do not wait for running requests.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option(
    "--timeout",
    default=75.0,
    type=click.FloatRange(min=0),
    show_default=True,
    help="Seconds to wait for its end.",
)
def down(now: bool, as_json: bool, timeout: float) -> int:
    """Stop the proxy; what runs may finish first."""
    paths = find_paths()
    client = ControlClient(paths.socket)
    try:
        running = client.status().in_flight
        client.shutdown()
    except ProxyNotRunning:
        return _done(as_json, "no proxy was running", stopped=False)
    if running and not now:
        output.note(
            f"faregate: {running} running requests may finish; "
            "faregate down --now does not wait"
        )
    if now:
        _hurry(client)
    _wait(paths, timeout)
    return _done(as_json, "the proxy has stopped", stopped=True)


def _hurry(client: ControlClient) -> None:
    """Ask again, which ends its patience; it may be gone by now."""
    try:
        client.shutdown()
    except ControlError:
        return


def _wait(paths: Paths, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while is_listening(paths.socket) or paths.pid.exists():
        if time.monotonic() > deadline:
            raise CliError(
                f"the proxy is still finishing after {timeout:g} s; "
                "faregate down --now does not wait",
                exit_code=ExitCode.FAILED,
                code="still_running",
            )
        time.sleep(_POLL_SECONDS)


def _done(as_json: bool, message: str, *, stopped: bool) -> int:
    if as_json:
        output.document({"stopped": stopped})
    output.note(f"faregate: {message}")
    return 0
