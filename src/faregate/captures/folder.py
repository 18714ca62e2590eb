"""The folder of captured requests: one file a request, the oldest deleted first.

Owns names, modes and retention. The folder itself is made, private, by whoever wires
it. Every method may block on the disk and raises OSError as that comes.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
from collections import deque
from typing import TYPE_CHECKING

from faregate.captures.document import (
    LONGEST_HEAD,
    CaptureFileError,
    CaptureHead,
    decode,
    encode,
    read_head,
)
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from faregate.core.captured import CapturedRequest

MOST_FILES = 20_000
RESERVE = 256 * 1024 * 1024
"""Bytes of the disk that captures leave free: the ledger has to write there too."""
_SUFFIX = ".capture"
_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
# Whoever opens a pipe would wait for its writer.
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)


class NoRoomError(OSError):
    """A capture does not fit into what the folder, or the disk, may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How much is kept, and for how long."""

    size: int
    """Bytes on disk, all captures together."""
    age_s: float
    files: int = MOST_FILES


@dataclass(frozen=True, slots=True)
class _File:
    at_s: float
    name: str
    size: int


class Folder:
    """Writes and deletes; for one thread of one process."""

    def __init__(
        self,
        path: Path,
        keep: Keep,
        *,
        now_s: Callable[[], float],
        free: Callable[[Path], int] | None = None,
    ) -> None:
        """Look at nothing yet; `free` tells how many bytes the disk has left."""
        self._path = path
        self._keep = keep
        self._now_s = now_s
        self._free = free or (lambda where: shutil.disk_usage(where).free)
        self._files: deque[_File] | None = None
        self.size = 0

    @property
    def count(self) -> int:
        """Return how many captures there are, as far as is known."""
        return 0 if self._files is None else len(self._files)

    def write(self, request: CapturedRequest) -> None:
        """Write one request, then delete what is too old or too much."""
        if not _ID.fullmatch(request.id):
            raise NoRoomError("its id is no name for a file")
        content = encode(request)
        files = self._known()
        if len(content) > self._keep.size:
            raise NoRoomError("one request is larger than everything that is kept")
        if self._free(self._path) - len(content) < RESERVE:
            raise NoRoomError(
                f"the disk has less than {RESERVE // 1024 // 1024} MB left"
            )
        name = request.id + _SUFFIX
        draft = self._path / f".{name}"
        handle = os.open(
            draft,
            os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | _NOFOLLOW,
            0o600,
        )
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            draft.replace(self._path / name)
        except BaseException:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise
        files.append(_File(self._now_s(), name, len(content)))
        self.size += len(content)
        self.prune()

    def prune(self) -> int:
        """Delete what is too old or too much; return how many files went."""
        files = self._known()
        keep, gone = self._keep, 0
        oldest = self._now_s() - keep.age_s
        while files and (
            self.size > keep.size or len(files) > keep.files or files[0].at_s < oldest
        ):
            first = files.popleft()
            (self._path / first.name).unlink(missing_ok=True)
            self.size -= first.size
            gone += 1
        return gone

    def clear(self) -> int:
        """Delete everything; return how many files went."""
        self._files = None
        gone = clear(self._path)
        self._files, self.size = deque(), 0
        return gone

    def remove(self, request: str) -> bool:
        """Delete one capture; tell whether there was one."""
        files = self._known()
        removed, name = remove(self._path, request), request + _SUFFIX
        self._files = deque(each for each in files if each.name != name)
        self.size = sum(each.size for each in self._files)
        return removed

    def _known(self) -> deque[_File]:
        """Return all captures, the oldest first; read from the disk once."""
        if self._files is None:
            found = sorted(_files(self._path), key=lambda each: each.at_s)
            self._files = deque(found)
            self.size = sum(each.size for each in found)
        return self._files


def read(path: Path, request: str) -> CapturedRequest | None:
    """Return a captured request; None where there is none.

    Raises CaptureFileError for a file that is damaged, and OSError.
    """
    content = _content(path, request, None)
    return None if content is None else decode(content)


def read_head_of(path: Path, request: str) -> CaptureHead | None:
    """Return the head of a captured request; None where there is none."""
    content = _content(path, request, LONGEST_HEAD + 64)
    return None if content is None else read_head(content)


def heads(path: Path, limit: int) -> list[CaptureHead]:
    """Return the newest captures, the newest first; damaged ones are left out."""
    found: list[CaptureHead] = []
    for each in sorted(_files(path), key=lambda each: each.at_s, reverse=True):
        if len(found) >= limit:
            break
        with contextlib.suppress(CaptureFileError, OSError):
            head = read_head_of(path, each.name.removesuffix(_SUFFIX))
            if head is not None:
                found.append(head)
    return found


def clear(path: Path) -> int:
    """Delete every capture, damaged ones too; return how many files went."""
    found = list(_files(path))
    for each in found:
        (path / each.name).unlink(missing_ok=True)
    return len(found)


def remove(path: Path, request: str) -> bool:
    """Delete one capture; tell whether there was one."""
    if not _ID.fullmatch(request):
        return False
    try:
        (path / (request + _SUFFIX)).unlink()
    except FileNotFoundError:
        return False
    return True


def _content(path: Path, request: str, most: int | None) -> bytes | None:
    if not _ID.fullmatch(request):
        return None
    try:
        handle = os.open(
            path / (request + _SUFFIX),
            os.O_RDONLY | os.O_CLOEXEC | _NOFOLLOW | _NONBLOCK,
        )
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        return None
    with os.fdopen(handle, "rb") as file:
        return file.read() if most is None else file.read(most)


def _files(path: Path) -> Iterator[_File]:
    try:
        entries = list(os.scandir(path))
    except FileNotFoundError:
        return
    for entry in entries:
        if not entry.name.endswith(_SUFFIX):
            continue
        with contextlib.suppress(OSError):
            found = entry.stat(follow_symlinks=False)
            if not stat.S_ISREG(found.st_mode):
                continue
            if entry.name.startswith("."):
                # A draft that a killed process left behind.
                (path / entry.name).unlink()
                continue
            yield _File(found.st_mtime, entry.name, found.st_size)
