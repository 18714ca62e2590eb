"""`faregate up`: start the proxy in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from faregate.cli import output
from faregate.cli.behind import (
    another_version,
    changed_since_start,
    keys_since_start,
    tell,
)
from faregate.cli.figures import month_budget, usd
from faregate.cli.launch import ensure_running
from faregate.cli.web import PORT as WEB_PORT
from faregate.cli.web import start_web
from faregate.cli.web import tell as tell_web
from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.config.problems import ConfigError

if TYPE_CHECKING:
    from faregate.cli.launch import Running
    from faregate.config.paths import Paths


@click.command()
@click.option("--web", "with_web", is_flag=True, help="And the screen in a browser.")
@click.option("--web-port", default=WEB_PORT, show_default=True, help="Its port.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def up(with_web: bool, web_port: int, as_json: bool) -> int:
    """Start the proxy in the background.

    It goes on when this terminal closes; `faregate down` stops it.
    """
    paths = find_paths()
    running = ensure_running(paths)
    proxy = running.snapshot.status.proxy
    url = proxy.url if proxy is not None else ""
    found = start_web(paths, web_port) if with_web else None
    if as_json:
        output.document(
            {
                "url": url,
                "pid": proxy.pid if proxy is not None else None,
                "started": running.started,
                "warnings": running.snapshot.setup.warnings,
                **({} if found is None else {"web": found}),
            }
        )
    else:
        output.result(url)
    _say(running)
    if found is not None:
        tell_web(found)
    if not running.started:
        _tell_behind(paths, running)
    return 0


def _say(running: Running) -> None:
    setup = running.snapshot.setup
    state = "is running" if running.started else "was already running"
    output.note(f"faregate: the proxy {state}. {_cap(running)}")
    for warning in setup.warnings:
        output.warn(warning)
    if not setup.keys_found:
        output.note(
            "faregate: no provider key was found; agents that send a key of their own "
            "are passed through. See: faregate providers"
        )
    output.note(
        'faregate: next: faregate run -- claude   or: eval "$(faregate env claude)"'
    )


def _tell_behind(paths: Paths, running: Running) -> None:
    tell(another_version(running.snapshot.status))
    tell(changed_since_start(paths))
    try:
        settings = load(paths)
    except ConfigError as error:
        output.warn(f"the configuration has changed and is not usable: {error}")
        return
    tell(keys_since_start(settings, running.snapshot.setup.keys_found))


def _cap(running: Running) -> str:
    month = month_budget(running.snapshot.status)
    if month is None or month.limit is None:
        return "There is no monthly cap: faregate budget set monthly 20"
    text = f"Monthly cap {usd(month.limit)}, spent {usd(month.spent)}."
    if running.snapshot.setup.cap_is_default:
        text += " The cap is the default; change it: faregate budget set monthly 50"
    return text
