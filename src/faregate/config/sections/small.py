"""[server], [theme], [keys] and [ledger]: the small sections."""

from __future__ import annotations

from pathlib import Path

from faregate.config.schema import (
    KEY_BINDING,
    LedgerKeys,
    ServerKeys,
    ThemeKeys,
)
from faregate.config.settings import ServerSettings, ThemeSettings
from faregate.config.tables import Field, Table


def read_server(table: Table) -> ServerSettings:
    """Return where the proxy listens."""
    server = ServerSettings(
        host=table.value(ServerKeys.HOST),
        port=table.value(ServerKeys.PORT),
        drain_s=table.value(ServerKeys.DRAIN),
    )
    table.finish()
    return server


def read_theme(table: Table) -> ThemeSettings:
    """Return how the screen looks."""
    theme = ThemeSettings(
        name=table.optional(ThemeKeys.NAME),
        ascii=table.value(ThemeKeys.ASCII),
        motion=table.value(ThemeKeys.MOTION),
        bell=table.value(ThemeKeys.BELL),
        notices=table.value(ThemeKeys.NOTICES),
        titles=table.value(ThemeKeys.TITLES),
    )
    table.finish()
    return theme


def read_keys(table: Table) -> dict[str, str]:
    """Return key bindings; which actions exist is known to the screen alone."""
    keys: dict[str, str] = {}
    for action in table.names():
        key = table.optional(Field(action, KEY_BINDING, "the key of an action"))
        if key is not None:
            keys[action] = key
    return keys


def read_ledger(table: Table, default: Path) -> Path:
    """Return the ledger's folder."""
    url = table.optional(LedgerKeys.URL)
    table.finish()
    return default if url is None else Path(url.removeprefix("sqlite://"))
