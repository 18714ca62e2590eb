"""Reading and writing files that only their owner may change.

Owns every check of owner and mode. Says in each error what to type to mend it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
import stat
from typing import TYPE_CHECKING

from faregate.config.problems import ConfigError, Problem

if TYPE_CHECKING:
    from pathlib import Path

CONFIG_MAX_BYTES = 1_000_000
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
_OTHERS_ANY = stat.S_IRWXG | stat.S_IRWXO
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)


def read_owned(path: Path, *, limit: int = CONFIG_MAX_BYTES) -> bytes | None:
    """Return the bytes of a file that nobody else can have written; None if missing.

    Others may read it. A link may lead to it. Raises ConfigError for a file of
    another user, one that others can write, one beyond `limit` bytes and anything
    that is no file.
    """
    try:
        _check_owner(path, path.lstat())
        # Without O_NONBLOCK a FIFO would wait for a writer that never comes.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | _NONBLOCK)
    except FileNotFoundError:
        if path.is_symlink():
            raise ConfigError(
                Problem(file=path, message="is a link that leads nowhere")
            ) from None
        return None
    except OSError as error:
        raise ConfigError(
            Problem(file=path, message=f"cannot be read: {error.strerror}")
        ) from error
    try:
        _check_readable(path, os.fstat(handle), limit)
        with os.fdopen(handle, "rb", closefd=False) as file:
            content = file.read(limit + 1)
    finally:
        os.close(handle)
    if len(content) > limit:
        raise ConfigError(_too_large(path, limit))
    return content


def make_private_dir(path: Path) -> None:
    """Make a folder that only its owner can enter, or check that it is one.

    Raises ConfigError when it cannot be made, and when it exists and belongs to
    somebody else, is open to others, or is no folder.
    """
    try:
        with contextlib.suppress(FileExistsError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.mkdir(mode=0o700)
    except OSError as error:
        raise ConfigError(
            Problem(
                file=path,
                message=f"cannot be made: {error.strerror}",
                hint="Set FAREGATE_HOME to a folder that you can write in.",
            )
        ) from error
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise ConfigError(Problem(file=path, message="is in the way: not a folder"))
    if os.name == "nt":
        return
    if found.st_uid != os.geteuid():
        raise ConfigError(_foreign(path, found.st_uid))
    if found.st_mode & _OTHERS_ANY:
        raise ConfigError(
            Problem(
                file=path,
                message=f"is open to others (mode {stat.S_IMODE(found.st_mode):04o})",
                hint=f"Run: chmod 700 {shlex.quote(str(path))}",
            )
        )


def write_private(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, readable by its owner alone.

    The folder must exist. What was there before stays until the new content is on
    the disk.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | _NOFOLLOW
    handle = os.open(draft, flags, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync_dir(path.parent)


def read_private(path: Path, *, limit: int = CONFIG_MAX_BYTES) -> bytes | None:
    """Return the bytes of a file that only its owner can read; None if missing."""
    content = read_owned(path, limit=limit)
    if content is None or os.name == "nt":
        return content
    mode = path.stat().st_mode
    if mode & _OTHERS_ANY:
        raise ConfigError(
            Problem(
                file=path,
                message=f"holds a secret and is open to others "
                f"(mode {stat.S_IMODE(mode):04o})",
                hint=f"Run: chmod 600 {shlex.quote(str(path))}",
            )
        )
    return content


def _check_readable(path: Path, found: os.stat_result, limit: int) -> None:
    if not stat.S_ISREG(found.st_mode):
        what = "a folder" if stat.S_ISDIR(found.st_mode) else "not a regular file"
        raise ConfigError(Problem(file=path, message=f"is {what}"))
    _check_owner(path, found)
    if os.name != "nt" and found.st_mode & _OTHERS_MAY_WRITE:
        raise ConfigError(
            Problem(
                file=path,
                message=f"can be written by others "
                f"(mode {stat.S_IMODE(found.st_mode):04o})",
                hint=f"Run: chmod go-w {shlex.quote(str(path))}",
            )
        )
    if found.st_size > limit:
        raise ConfigError(_too_large(path, limit))


def _check_owner(path: Path, found: os.stat_result) -> None:
    # Root can write every file anyway, so a file of root's adds no danger.
    if os.name != "nt" and found.st_uid not in (os.geteuid(), 0):
        raise ConfigError(_foreign(path, found.st_uid))


def _foreign(path: Path, owner: int) -> Problem:
    return Problem(
        file=path,
        message=f"belongs to another user (uid {owner})",
        hint=f"Run: chown {os.geteuid()} {shlex.quote(str(path))}; "
        f"chmod go-w {shlex.quote(str(path))}",
    )


def _too_large(path: Path, limit: int) -> Problem:
    return Problem(file=path, message=f"is larger than {limit // 1000} kB")


def _sync_dir(folder: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
