"""`faregate providers`: which providers are known, have a key, and work."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from faregate.cli import output
from faregate.cli.behind import changed_since_start, keys_since_start, tell
from faregate.cli.exit_codes import ExitCode
from faregate.cli.figures import seconds
from faregate.cli.provider_rows import by_provider, cells, header, row_of, signup_lines
from faregate.config.keys import find_keys
from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.config.problems import did_you_mean
from faregate.control.client import ControlClient
from faregate.control.errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.cli.provider_rows import Row
    from faregate.config.paths import Paths
    from faregate.config.settings import Settings
    from faregate.control.models import Snapshot
    from faregate.control.smoke_runs import SmokeRunView
    from faregate.smoke.balance.values import Balance, NoBalance


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option("--all", "every", is_flag=True, help="List providers without a key too.")
@click.option(
    "--balance", is_flag=True, help="Ask each over the network what is left there."
)
@click.option(
    "--check-signup",
    is_flag=True,
    help="Say where a key is had and what to know first.",
)
@click.option(
    "--ask-again",
    is_flag=True,
    help="End the rest of providers that failed: the next request asks them.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def providers(
    names: tuple[str, ...],
    every: bool,
    balance: bool,
    check_signup: bool,
    ask_again: bool,
    as_json: bool,
) -> int:
    """Which providers are known, have a key, and passed their last smoke test.

    Asks the running proxy, whose environment counts; else looks into this one.
    """
    paths = find_paths()
    settings = load(paths)
    _check_names(names, settings)
    if ask_again:
        return _ask_again(paths, names, as_json=as_json)
    keys = find_keys(settings, run=False)
    running_proxy = _told_by_proxy(paths)
    proxy = None if running_proxy is None else running_proxy.setup
    running = None if proxy is None else frozenset(proxy.keys_found)
    runs = _latest_runs(settings, paths)
    told = _balances(settings, names, every) if balance else {}
    rows = {
        name: row_of(choice, keys, running, runs, told.get(name))
        for name, choice in settings.providers.items()
    }
    listed = by_provider(rows, names)
    if as_json:
        output.document({"providers": listed})
        return 0
    shown = [row for row in listed if every or names or row.key or row.configured]
    if check_signup:
        for line in signup_lines(shown if every or names else listed):
            output.result(line)
        return 0
    for line in _lines(shown, with_balance=balance):
        output.result(line)
    if left := len(listed) - len(shown):
        output.note(
            f"faregate: {left}{' more' if shown else ''} are known and have no key: "
            "faregate providers --all"
        )
    # A proxy has read its own environment; what is wrong with this one is no matter.
    for warning in keys.warnings if proxy is None else proxy.warnings:
        output.warn(warning)
    if running_proxy is not None:
        tell(changed_since_start(paths))
        tell(keys_since_start(settings, running_proxy.setup.keys_found))
        _tell_rests(running_proxy)
    return 0


def _ask_again(paths: Paths, names: tuple[str, ...], *, as_json: bool) -> int:
    """End the rest of these providers, of all for none."""
    ended = ControlClient(paths.socket).ask_again(*names)
    if as_json:
        output.document({"providers": ended})
        return 0
    for name in ended:
        output.result(f"{name} is asked by the next request")
    if not ended:
        output.result("none of them rests" if names else "no provider rests")
    return 0


def _tell_rests(proxy: Snapshot) -> None:
    """Say who is not asked now, why, and for how long."""
    now = datetime.fromisoformat(proxy.at)
    for each in proxy.status.providers:
        if each.rests_until is not None:
            left = datetime.fromisoformat(each.rests_until) - now
            output.note(
                f"faregate: {each.name} rests {seconds(left.total_seconds())} more: "
                f"{each.last_error or 'it failed too often'}. At once: "
                f"faregate providers {each.name} --ask-again"
            )


def _check_names(names: Sequence[str], settings: Settings) -> None:
    for name in names:
        if name not in settings.providers:
            guess = did_you_mean(name, settings.providers)
            raise output.CliError(
                f"no provider is called {name!r}. {guess or ''}".rstrip(),
                exit_code=ExitCode.USAGE,
                code="usage",
            )


def _lines(rows: list[Row], *, with_balance: bool) -> list[str]:
    if not rows:
        return ["no provider has a key"]
    return output.table(
        header(with_balance=with_balance),
        [cells(row, with_balance=with_balance) for row in rows],
    )


def _told_by_proxy(paths: Paths) -> Snapshot | None:
    try:
        return ControlClient(paths.socket).snapshot()
    except ControlError:
        return None


def _latest_runs(settings: Settings, paths: Paths) -> list[SmokeRunView]:
    """Return the newest smoke test of each target; none where nobody can say."""
    if not settings.ledger_dir.exists() and not paths.socket.exists():
        return []
    # Loaded here: without any ledger nothing of it is needed.
    from faregate.smoke_history import History

    try:
        return History(settings, paths).latest()
    except ControlError as error:
        output.warn(f"no smoke tests can be read: {error}")
        return []


def _balances(
    settings: Settings, names: Sequence[str], every: bool
) -> dict[str, Balance | NoBalance]:
    from faregate.balances import ask_balances

    keys = find_keys(settings)
    asked = [
        name
        for name in (names or sorted(settings.providers))
        if names or every or name in keys.found
    ]
    return ask_balances(settings, asked)
