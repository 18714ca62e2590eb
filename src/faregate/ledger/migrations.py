"""From any older schema to the current one, or a refusal to touch a newer one.

Each migration is one function and one transaction; a copy of the file is made
before the first one that changes an existing ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import apsw

from faregate.core.holds import LedgerError
from faregate.ledger import (
    cost_log,
    counting_back,
    files,
    governing,
    schema,
    smoke_runs,
    workspace_keys,
)
from faregate.ledger.connection import APPLICATION_ID, Transaction, open_reader
from faregate.ledger.errors import damaged, translated

if TYPE_CHECKING:
    from pathlib import Path

Migration = Callable[[apsw.Connection], None]


def _running(statements: Sequence[str]) -> Migration:
    def run(connection: apsw.Connection) -> None:
        for statement in statements:
            connection.execute(statement)

    return run


MIGRATIONS: tuple[Migration, ...] = (
    _running(schema.VERSION_1),
    _running(smoke_runs.VERSION_2),
    _running(cost_log.VERSION_3),
    _running(governing.VERSION_4),
    _running(workspace_keys.VERSION_5),
    _running(counting_back.VERSION_6),
    _running(schema.VERSION_7),
)
"""The n-th entry leads from version n-1 to version n."""


def ledger_exists(folder: Path) -> bool:
    """Tell whether there is a ledger in a folder; raises LedgerError."""
    real = files.check_folder(folder)
    return real is not None and files.check_database(real)


def is_current(folder: Path) -> bool:
    """Tell whether the ledger in a folder has this program's version.

    Raises LedgerError when it is a newer one or none of ours.
    """
    check_version(folder)
    connection = open_reader(folder / files.DATABASE)
    try:
        return bool(connection.pragma("user_version") == len(MIGRATIONS))
    finally:
        connection.close()


def check_version(folder: Path, migrations: tuple[Migration, ...] = MIGRATIONS) -> None:
    """Refuse, without a write, a file that this program cannot own."""
    path = folder / files.DATABASE
    connection = open_reader(path)
    try:
        with translated(f"Reading {path}"):
            tables = connection.execute("SELECT count(*) FROM sqlite_schema").get
            application = connection.pragma("application_id")
            version = connection.pragma("user_version")
    finally:
        connection.close()
    if tables and application != APPLICATION_ID:
        raise damaged(folder, f"{path} is not a ledger of Faregate")
    if version > len(migrations):
        raise LedgerError(
            f"{path} has schema version {version}, made by a newer Faregate; this one "
            f"knows up to {len(migrations)}. Upgrade Faregate; nothing was changed"
        )


def migrate(
    connection: apsw.Connection,
    folder: Path,
    migrations: tuple[Migration, ...] = MIGRATIONS,
) -> None:
    """Bring the open database to the current version, one transaction a step."""
    found = connection.pragma("user_version")
    if 0 < found < len(migrations):
        _back_up(connection, folder, found)
    for version in range(found + 1, len(migrations) + 1):
        with Transaction(connection, f"Migrating the ledger to version {version}"):
            migrations[version - 1](connection)
            connection.pragma("application_id", APPLICATION_ID)
            connection.pragma("user_version", version)


def _back_up(connection: apsw.Connection, folder: Path, version: int) -> None:
    """Copy the database beside itself; a copy of a killed run is replaced."""
    path = folder / f"{files.DATABASE}.v{version}.backup"
    if files.check_file(path):
        path.unlink()
    files.create_file(path)
    with translated(f"Copying the ledger to {path}"):
        copy = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            with copy.backup("main", connection, "main") as backup:
                while not backup.done:
                    backup.step(1000)
        finally:
            copy.close()
    files.sync_folder(folder)
