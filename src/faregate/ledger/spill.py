"""Where the end of a hold is kept while the database cannot be written.

Owns a small file whose blocks were written in advance, so that a full disk cannot
stop it. Each line is on the disk before `append` returns.
"""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

from faregate.core.holds import LedgerError, Release, Settlement
from faregate.core.money import Money
from faregate.core.usage import Usage, UsageSource
from faregate.ledger import files

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 512 * 1024
Kind = Literal["settle", "void", "unknown"]
Entry = tuple[Kind, "Settlement | Release"]


class Spill:
    """The spill file; `entries` are what waits in it to be booked."""

    def __init__(self, descriptor: int, entries: list[Entry], used: int) -> None:
        """Use `open`."""
        self._descriptor = descriptor
        self._used = used
        self.entries = entries

    @classmethod
    def open(cls, folder: Path) -> Spill:
        """Open or create the file and read what it holds; raise LedgerError."""
        path = folder / files.SPILL
        descriptor = files.open_file(path)
        try:
            size = os.fstat(descriptor).st_size
            if size < SIZE:
                os.pwrite(descriptor, bytes(SIZE - size), size)
                files.sync_data(descriptor)
            content = os.pread(descriptor, SIZE, 0)
        except OSError as error:
            os.close(descriptor)
            raise LedgerError(f"{path} cannot be prepared: {error}") from error
        entries, used = _read(content)
        return cls(descriptor, entries, used)

    def append(self, kind: Kind, ended: Settlement | Release) -> None:
        """Keep one booking; raise LedgerError when even that is impossible."""
        line = _encode(kind, ended)
        if self._used + len(line) > SIZE:
            raise LedgerError("the spill file is full; the hold stays held in full")
        try:
            written = os.pwrite(self._descriptor, line, self._used)
            files.sync_data(self._descriptor)
        except OSError as error:
            raise LedgerError(f"Writing the spill file failed: {error}") from error
        if written != len(line):
            raise LedgerError("The spill file could be written in part only")
        self._used += len(line)
        self.entries.append((kind, ended))

    def clear(self) -> None:
        """Forget what was booked meanwhile; raise LedgerError."""
        try:
            os.pwrite(self._descriptor, bytes(self._used), 0)
            files.sync_data(self._descriptor)
        except OSError as error:
            raise LedgerError(f"Clearing the spill file failed: {error}") from error
        self._used = 0
        self.entries = []

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def _encode(kind: Kind, ended: Settlement | Release) -> bytes:
    text = json.dumps({"kind": kind, "fields": _plain(ended)}).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _plain(ended: Settlement | Release) -> dict[str, Any]:
    fields = asdict(ended)
    if "cost" in fields:
        fields["cost"] = fields["cost"]["pico"]
    usage = fields["usage"]
    if usage is not None and usage["reported_cost"] is not None:
        usage["reported_cost"] = usage["reported_cost"]["pico"]
    return fields


def _read(content: bytes) -> tuple[list[Entry], int]:
    """Return the whole lines of the file and where the next one goes."""
    entries: list[Entry] = []
    used = 0
    while (end := content.find(b"\n", used)) >= 0:
        entry = _decode(content[used:end])
        if entry is None:
            break
        entries.append(entry)
        used = end + 1
    return entries, used


def _decode(line: bytes) -> Entry | None:
    checksum, _, text = line.partition(b" ")
    try:
        if int(checksum, 16) != zlib.crc32(text):
            return None
        entry = json.loads(text)
        kind, fields = entry["kind"], entry["fields"]
        fields["usage"] = _usage(fields["usage"])
        if kind == "settle":
            fields["cost"] = Money(fields["cost"])
            return "settle", Settlement(**fields)
        return ("void" if kind == "void" else "unknown"), Release(**fields)
    except (ValueError, KeyError, TypeError):
        return None


def _usage(fields: dict[str, Any] | None) -> Usage | None:
    if fields is None:
        return None
    reported = fields["reported_cost"]
    fields["reported_cost"] = None if reported is None else Money(reported)
    fields["source"] = UsageSource(fields["source"])
    return Usage(**fields)
