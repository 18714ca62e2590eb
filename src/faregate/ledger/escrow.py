"""A durable promise of how much may have been held, ahead of each hold.

Power loss may drop the last commits of the ledger. What they held can never be more
than the ceiling written here, which reached the disk before any hold passed it; a
start after a power loss books the difference as unknown. The same file marks that a
ledger exists, so that a lost one is not replaced by an empty one in silence.
Amounts are micro-USD, each hold rounded up: pico-USD of all holds ever would
outgrow 64 bits.
"""

from __future__ import annotations

import json
import os
import threading
import zlib
from typing import TYPE_CHECKING

from faregate.core.holds import LedgerError
from faregate.core.values import dataclass
from faregate.ledger import files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PICO_PER_MICRO = 1_000_000
LEAST_AHEAD = 1_000_000
_SLOT = 512
# In blocks of their own, so that a torn write spoils one slot only.
_SLOT_AT = (0, 4096)
_SIZE = 8192
_VELOCITY_OVER_S = 0.5


def micro(pico: int) -> int:
    """Return pico-USD as micro-USD, rounded up."""
    return -(-pico // PICO_PER_MICRO)


@dataclass(frozen=True, slots=True, kw_only=True)
class EscrowRecord:
    """What the file says: the ceiling, and the sum held when it was written."""

    sequence: int
    ledger: str
    """Random id of the ledger that this file belongs to."""
    boot_id: str
    ceiling: int
    floor: int


class EscrowFile:
    """The file, written in two slots by turns."""

    def __init__(self, descriptor: int, record: EscrowRecord | None) -> None:
        """Use `open`; `record` is None while nothing was written yet."""
        self._descriptor = descriptor
        self.record = record

    @classmethod
    def open(cls, folder: Path) -> EscrowFile:
        """Open or create the file; raise LedgerError when both slots are spoilt."""
        descriptor = files.open_file(folder / files.ESCROW)
        size = os.fstat(descriptor).st_size
        if size < _SIZE:
            # Room for both slots now, so that a full disk cannot stop them later.
            os.pwrite(descriptor, bytes(_SIZE - size), size)
        slots = [os.pread(descriptor, _SLOT, at) for at in _SLOT_AT]
        records = [r for r in map(_decode, slots) if r is not None]
        if not records and any(slot.strip(b"\0 \n") for slot in slots):
            os.close(descriptor)
            raise LedgerError(
                f"{folder / files.ESCROW} is corrupt; remove it to go on: what the "
                "last holds may have been is then booked as unknown"
            )
        newest = max(records, key=lambda record: record.sequence, default=None)
        return cls(descriptor, newest)

    def write(self, *, ledger: str, boot_id: str, ceiling: int, floor: int) -> None:
        """Write a record and wait until it is on the disk; raise LedgerError."""
        sequence = 1 if self.record is None else self.record.sequence + 1
        record = EscrowRecord(
            sequence=sequence,
            ledger=ledger,
            boot_id=boot_id,
            ceiling=ceiling,
            floor=floor,
        )
        try:
            os.pwrite(self._descriptor, _encode(record), _SLOT_AT[sequence % 2])
            files.sync_data(self._descriptor)
        except OSError as error:
            raise LedgerError(
                f"Securing the next holds against power loss failed: {error}"
            ) from error
        self.record = record

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


class Escrow:
    """The running ceiling: raised ahead of need by a helper thread, else inline."""

    def __init__(
        self, file: EscrowFile, *, ledger: str, boot_id: str, placed: int
    ) -> None:
        """Begin with `placed`, the sum of all holds ever, and raise the ceiling."""
        self._file = file
        self._ledger = ledger
        self._boot_id = boot_id
        self._writing = threading.Lock()
        self._recent = 0
        self._burst = LEAST_AHEAD
        self._velocity = 0
        self._tick_at: float | None = None
        self._placed_at_tick = placed
        self.placed = placed
        self._wanted = placed
        self.ceiling = placed
        self.low_water = placed
        self.on_low: Callable[[], None] | None = None
        """Called by a hold that leaves little ahead."""
        self._raise()

    def cover(self, placed: int) -> None:
        """Make sure that the ceiling covers `placed`; waits for the disk if not.

        Several holds may be covered before the first of them is committed.
        """
        before = max(self.placed, self._wanted)
        # Said before the ceiling is read, so that `_lower` cannot miss it.
        self._wanted = placed
        if placed > self.ceiling:
            # A burst outran the helper: promise more at once, until it catches up.
            self._burst *= 2
            self._recent = placed - before
            self._raise()

    def note(self, placed: int) -> None:
        """Note a committed hold."""
        self._recent = placed - self.placed
        self.placed = placed
        if placed > self.low_water and self.on_low is not None:
            self.on_low()

    def tick(self, now: float) -> None:
        """Move the ceiling to where it is needed (helper thread); monotonic seconds.

        It goes up when half of what lay ahead is used, and comes down after a
        burst: what lies ahead is what a power cut would book as unknown.
        """
        placed = self.placed
        elapsed = 0.0 if self._tick_at is None else now - self._tick_at
        if self._tick_at is None or elapsed >= _VELOCITY_OVER_S:
            grown = placed - self._placed_at_tick
            self._velocity = int(grown / elapsed) if elapsed else 0
            self._burst = LEAST_AHEAD
            self._tick_at, self._placed_at_tick = now, placed
        left, ahead = self.ceiling - placed, self._ahead()
        if 2 * left < ahead:
            self._raise()
        elif left > 4 * ahead:
            self._lower()
        else:
            self.low_water = self.ceiling - ahead // 2

    def close(self) -> None:
        """Write that nothing lies ahead of what is in the ledger."""
        with self._writing:
            self._write(self.placed)

    def _ahead(self) -> int:
        return max(LEAST_AHEAD, 4 * self._recent, self._velocity, self._burst)

    def _raise(self) -> None:
        with self._writing:
            ahead = self._ahead()
            ceiling = max(max(self.placed, self._wanted) + ahead, self.ceiling)
            self._write(ceiling)
            self.ceiling = ceiling
            self.low_water = ceiling - ahead // 2

    def _lower(self) -> None:
        with self._writing:
            before, ahead = self.ceiling, self._ahead()
            # In memory first: a hold that still saw the old ceiling has said how far
            # it goes, and one that comes later waits for the disk.
            self.ceiling = self.placed + ahead
            if max(self.placed, self._wanted) > self.ceiling:
                self.ceiling = before
                return
            self._write(self.ceiling)
            self.low_water = self.ceiling - ahead // 2

    def _write(self, ceiling: int) -> None:
        self._file.write(
            ledger=self._ledger,
            boot_id=self._boot_id,
            ceiling=ceiling,
            floor=self.placed,
        )


def lost(record: EscrowRecord, placed: int, boot_id: str) -> int:
    """Return by how much holds may be missing from a ledger that sums to `placed`.

    After a start of the same boot nothing is: a killed process loses no commit. A
    sum below the floor means that an older copy of the ledger was put back.
    """
    same_boot = bool(boot_id) and record.boot_id == boot_id
    if same_boot and placed >= record.floor:
        return 0
    return max(0, record.ceiling - placed)


def _encode(record: EscrowRecord) -> bytes:
    text = json.dumps(
        {
            "sequence": record.sequence,
            "ledger": record.ledger,
            "boot_id": record.boot_id,
            "ceiling": record.ceiling,
            "floor": record.floor,
        }
    ).encode()
    line = b"%08x %s\n" % (zlib.crc32(text), text)
    if len(line) > _SLOT:
        raise LedgerError("an escrow record does not fit its slot")
    return line.ljust(_SLOT, b"\0")


def _decode(slot: bytes) -> EscrowRecord | None:
    checksum, _, rest = slot.partition(b" ")
    text = rest.partition(b"\n")[0]
    try:
        if int(checksum, 16) != zlib.crc32(text):
            return None
        fields = json.loads(text)
        return EscrowRecord(
            sequence=int(fields["sequence"]),
            ledger=str(fields["ledger"]),
            boot_id=str(fields["boot_id"]),
            ceiling=int(fields["ceiling"]),
            floor=int(fields["floor"]),
        )
    except (ValueError, KeyError, TypeError):
        return None
