"""`faregate web`: the screen in a browser on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from faregate.cli import output
from faregate.cli.exit_codes import ExitCode
from faregate.cli.launch import ensure_running
from faregate.config.files import read_private, write_private
from faregate.config.load import load
from faregate.config.paths import find_paths, themes_dir

if TYPE_CHECKING:
    from pathlib import Path

    from faregate.config.paths import Paths
    from faregate.config.settings import Settings
    from faregate.tui.web.serving import Served

PORT = 4748
_READY_S = 20.0
_POLL_S = 0.05


@click.command()
@click.option("--port", default=PORT, show_default=True, help="Loopback port.")
@click.option("--quiet", is_flag=True, help="Do not say where it listens.")
@click.option(
    "--json", "as_json", is_flag=True, help="Say where it listens as one JSON document."
)
def web(port: int, quiet: bool, as_json: bool) -> int:
    """Serve the screen to a browser on this machine.

    Who opens it can only watch; with the second address, which holds a token, also act.
    It ends with the proxy, or with Ctrl-C.
    """
    paths = find_paths()
    settings = load(paths)
    ensure_running(paths)
    # Loaded here: no other command needs the engine of the screen.
    from faregate.tui.web.serving import MissingExtraError, serve

    served = _served(paths, settings, port)

    def ready(bound: int) -> None:
        record = {"port": bound, "token": served.token, "pid": os.getpid()}
        write_private(_record(paths), json.dumps(record).encode())
        if as_json:
            output.document(addresses(record))
            sys.stdout.flush()
        elif not quiet:
            tell(addresses(record))

    try:
        asyncio.run(serve(served, paths.socket, ready))
    except MissingExtraError as error:
        raise output.CliError(
            "the browser's view needs one package more: pip install 'faregate[web]'",
            exit_code=ExitCode.USAGE,
            code="missing_extra",
        ) from error
    except OSError as error:
        raise output.CliError(
            f"port {port} of this machine cannot be used: {error.strerror}",
            exit_code=ExitCode.FAILED,
            code="port_taken",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            if (_read(paths) or {}).get("pid") == os.getpid():
                _record(paths).unlink()
    return ExitCode.OK


def start_web(paths: Paths, port: int) -> dict[str, str]:
    """Start it in the background unless it runs; return its two addresses."""
    found = _alive(paths)
    if found is not None:
        return addresses(found)
    child = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-P", "-m", "faregate", "web", "--quiet", f"--port={port}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        cwd=paths.state_dir,
        env=_environment(paths),
    )
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline:
        found = _alive(paths)
        if found is not None and found["pid"] == child.pid:
            # It lives on its own; Popen would complain that nobody waits for it.
            child.returncode = 0
            if child.stderr is not None:
                child.stderr.close()
            return addresses(found)
        if child.poll() is not None:
            break
        time.sleep(_POLL_S)
    else:
        child.kill()
    _, told = child.communicate()
    message = told.decode("utf-8", "replace").strip().removeprefix("faregate: ")
    raise output.CliError(
        f"the browser's view did not start: {message or 'it said nothing'}",
        exit_code=ExitCode.FAILED,
        code="web_not_started",
    )


def addresses(record: dict[str, Any]) -> dict[str, str]:
    """Return the address to watch, and the one that may act."""
    watch = f"http://127.0.0.1:{record['port']}/"
    return {"watch": watch, "control": f"{watch}?token={record['token']}"}


def tell(found: dict[str, str]) -> None:
    """Say where a browser finds the screen."""
    output.note(f"faregate: to watch in a browser: {found['watch']}")
    output.note(f"faregate: to act there too:      {found['control']}")


def _served(paths: Paths, settings: Settings, port: int) -> Served:
    from faregate.tui.web.screen import ScreenPlan
    from faregate.tui.web.serving import Served

    plan = ScreenPlan(
        socket=str(paths.socket),
        themes=str(themes_dir()),
        user_themes=str(paths.user_themes) if paths.user_themes.is_dir() else None,
        theme=settings.theme.name,
        ascii_only=settings.theme.ascii,
        keys=dict(settings.keys),
    )
    secret = (read_private(paths.admin_secret) or b"").strip().decode()
    return Served(
        plan=plan, port=port, token=secrets.token_urlsafe(24), admin_secret=secret
    )


def _environment(paths: Paths) -> dict[str, str]:
    environment = dict(os.environ)
    if environment.get("FAREGATE_HOME"):
        # The child works elsewhere, so a relative folder would mean another one.
        environment["FAREGATE_HOME"] = str(paths.config_dir)
    return environment


def _record(paths: Paths) -> Path:
    return paths.state_dir / "web.json"


def _read(paths: Paths) -> dict[str, Any] | None:
    try:
        told = json.loads(read_private(_record(paths)) or b"")
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _alive(paths: Paths) -> dict[str, Any] | None:
    """Return the record of a server that still runs."""
    found = _read(paths)
    if found is None:
        return None
    try:
        os.kill(int(found["pid"]), 0)
    except (KeyError, ValueError, OSError):
        return None
    return found
