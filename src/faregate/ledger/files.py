"""The ledger's files: where they are, and that only their owner can touch them.

Owns names, modes and the checks before SQLite opens anything. It must not open the
database file itself once a connection exists: closing any other descriptor of it
would drop SQLite's locks.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from faregate.core.holds import LedgerError

DATABASE = "ledger.db"
LOCK = "ledger.lock"
ESCROW = "ledger.escrow"
SPILL = "ledger.spill"

_FILE_MODE = 0o600
_FOLDER_MODE = 0o700
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OWNED = hasattr(os, "geteuid")
NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
_MOUNTS = Path("/proc/self/mounts")

# Neither flock nor SQLite's shared memory can be trusted over a network.
_NETWORK_MOUNTS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "fuse.sshfs"}
)


def prepare_folder(folder: Path) -> Path:
    """Make or check the ledger's folder; return its real path.

    Raises LedgerError when others could read it or when it is not ours.
    """
    try:
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    except FileExistsError:
        pass
    except OSError as error:
        raise LedgerError(f"The folder {folder} cannot be made: {error}") from error
    real = check_folder(folder)
    if real is None:
        raise LedgerError(f"The folder {folder} disappeared")
    return real


def check_folder(folder: Path) -> Path | None:
    """Check the ledger's folder; return its real path, None where there is none."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LedgerError(f"The folder {folder} is unusable: {error}") from error
    if not stat.S_ISDIR(found.st_mode):
        raise LedgerError(
            f"The ledger's folder {folder} is no folder of its own (a symlink?); "
            "name the real folder instead"
        )
    _check_owner(folder, found, "chmod 700")
    real = folder.resolve()
    mount = network_mount(real)
    if mount is not None:
        raise LedgerError(
            f"The ledger's folder {folder} is on a network file system ({mount}), "
            "where its lock cannot be trusted; set FAREGATE_HOME to a local disk"
        )
    return real


def check_file(path: Path) -> bool:
    """Return whether `path` exists, after checking that it is ours alone.

    Raises LedgerError for symlinks, hard links, other types and open modes.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise LedgerError(f"{path} cannot be inspected: {error}") from error
    if stat.S_ISLNK(found.st_mode):
        raise LedgerError(f"{path} is a symlink; the ledger follows none: remove it")
    if not stat.S_ISREG(found.st_mode):
        raise LedgerError(f"{path} is not a regular file; move it away")
    if found.st_nlink > 1:
        raise LedgerError(f"{path} has a second name (a hard link); remove that one")
    _check_owner(path, found, "chmod 600")
    return True


def check_database(folder: Path) -> bool:
    """Check the database and its side files; return whether a ledger is there."""
    exists = check_file(folder / DATABASE)
    for suffix in ("-wal", "-shm", "-journal"):
        check_file(folder / f"{DATABASE}{suffix}")
    return exists


def create_file(path: Path) -> None:
    """Create an empty file of mode 0600; raise LedgerError when it exists."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | NOFOLLOW, 0o600))
    except OSError as error:
        raise LedgerError(f"{path} cannot be created: {error}") from error


def open_file(path: Path) -> int:
    """Open or create a side file of mode 0600; return its descriptor."""
    check_file(path)
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | NOFOLLOW, _FILE_MODE)
    except OSError as error:
        raise LedgerError(f"{path} cannot be opened: {error}") from error


def sync_data(descriptor: int) -> None:
    """Force the data of an open file to the disk; raise OSError."""
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    elif hasattr(os, "fdatasync"):
        os.fdatasync(descriptor)
    else:
        os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Make new names in `folder` survive a power cut, where the system can."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_owner(path: Path, found: os.stat_result, remedy: str) -> None:
    if not _OWNED:
        return
    if found.st_uid != os.geteuid():
        raise LedgerError(
            f"{path} belongs to user {found.st_uid}, not to the user who runs "
            f"Faregate ({os.geteuid()})"
        )
    if found.st_mode & _OTHERS:
        raise LedgerError(f"{path} is open to other users; run: {remedy} {path}")


def network_mount(folder: Path, table: Path = _MOUNTS) -> str | None:
    """Return the type of a network file system that holds `folder`, on Linux."""
    try:
        lines = table.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    best, kind = "", None
    for line in lines:
        fields = line.split()
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ")
        if folder.is_relative_to(point) and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind if kind in _NETWORK_MOUNTS else None
