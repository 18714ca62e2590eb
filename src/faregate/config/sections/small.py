"""[server], [theme], [keys] and [ledger]: the small sections."""

from __future__ import annotations

import re
from pathlib import Path

from faregate.config.schema import (
    KEY_BINDING,
    LedgerKeys,
    ServerKeys,
    ThemeKeys,
)
from faregate.config.settings import ServerSettings, ThemeSettings
from faregate.config.tables import Field, Table
from faregate.providers.registry import by_name

_CREDENTIAL = re.compile(
    r"(sk|pk|gsk|xai|fw|nvapi|key)[-_]|AIza|[A-Z][A-Z0-9]*_[A-Z0-9_]+$|\S{24,}$"
)
"""How a key of a provider begins, or the name of a variable that holds one."""
_NO_PROVIDERS = (
    "[keys] is for the keys of the screen, not of providers (value not shown)"
)
_KEYS_OF_PROVIDERS = (
    'Write [providers.{}] with key_env = "VARIABLE", the name of the variable that '
    "holds the key"
)


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
        provider = by_name(action) is not None
        if provider or (key and _CREDENTIAL.match(key)):
            name = action if provider else "NAME"
            table.problem(action, _NO_PROVIDERS, _KEYS_OF_PROVIDERS.format(name))
        elif key is not None:
            keys[action] = key
    return keys


def read_ledger(table: Table, default: Path) -> Path:
    """Return the ledger's folder."""
    url = table.optional(LedgerKeys.URL)
    table.finish()
    return default if url is None else Path(url.removeprefix("sqlite://"))
