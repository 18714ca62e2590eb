"""`faregate providers`: which providers are known and have a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from faregate.cli import output
from faregate.config.keys import find_keys
from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.config.settings import CommandKey, EnvKey
from faregate.control.client import ControlClient
from faregate.control.errors import ControlError

if TYPE_CHECKING:
    from faregate.config.keys import Keys
    from faregate.config.settings import ProviderChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One provider as it is listed."""

    name: str
    title: str
    key: bool
    key_source: str
    base_url: str
    protocols: tuple[str, ...]
    billing: str
    configured: bool


@click.command()
@click.option("--all", "every", is_flag=True, help="List providers without a key too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def providers(every: bool, as_json: bool) -> int:
    """Which providers are known and have a key.

    Asks the running proxy, whose environment counts; else looks into this one.
    """
    paths = find_paths()
    settings = load(paths)
    keys = find_keys(settings, run=False)
    running = _found_by_proxy()
    rows = [
        _row(name, choice, keys, running)
        for name, choice in sorted(settings.providers.items())
    ]
    if as_json:
        output.document({"providers": rows})
        return 0
    shown = [row for row in rows if every or row.key or row.configured]
    for line in _lines(shown):
        output.result(line)
    if len(shown) < len(rows):
        output.note(
            f"faregate: {len(rows) - len(shown)} more are known and have no key: "
            "faregate providers --all"
        )
    for warning in keys.warnings:
        output.warn(warning)
    return 0


def _lines(rows: list[Row]) -> list[str]:
    if not rows:
        return ["no provider has a key"]
    return output.table(
        ("PROVIDER", "KEY", "FROM", "BILLING", "URL"),
        [
            (
                row.name,
                "yes" if row.key else "no",
                row.key_source,
                row.billing,
                row.base_url,
            )
            for row in rows
        ],
    )


def _found_by_proxy() -> frozenset[str] | None:
    try:
        return frozenset(ControlClient(find_paths().socket).snapshot().setup.keys_found)
    except ControlError:
        return None


def _row(
    name: str, choice: ProviderChoice, keys: Keys, running: frozenset[str] | None
) -> Row:
    here = keys.found.get(name)
    spec = choice.spec
    urls = tuple(spec.base_urls.values())
    return Row(
        name=name,
        title=spec.title,
        key=here is not None if running is None else name in running,
        key_source=here.source if here else _source(choice),
        base_url=urls[0] if urls else "",
        protocols=tuple(spec.base_urls),
        billing=spec.billing.value,
        configured=choice.configured,
    )


def _source(choice: ProviderChoice) -> str:
    match choice.key:
        case EnvKey(names):
            return names[0] if names else "needs none"
        case CommandKey():
            return "key_command"
        case _:
            return "keyring"
