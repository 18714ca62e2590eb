"""Writes captured requests in a thread of its own, away from every request.

Owns the queue between the loop and the disk. The queue is bounded, nothing waits for
it, and a disk that fails costs captures alone: they are dropped and counted.
"""

from __future__ import annotations

import logging
import queue
import threading
from typing import TYPE_CHECKING

from faregate.core.redaction import redact
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from faregate.captures.folder import Folder
    from faregate.core.captured import CapturedBody, CapturedRequest

MOST_WAITING = 64 * 1024 * 1024
"""Bytes of requests that wait to be written."""
PRUNE_EVERY_S = 600.0
_log = logging.getLogger("faregate.captures")


@dataclass(slots=True)
class Tally:
    """What became of captures so far."""

    written: int = 0
    dropped: int = 0
    trouble: str | None = None
    """Why the latest one was dropped; None once one was written again."""


@dataclass(frozen=True, slots=True)
class _Work:
    request: CapturedRequest
    size: int


class Writer:
    """Takes requests on the loop; `close` once at the end."""

    def __init__(
        self,
        folder: Folder,
        secrets: Callable[[], Sequence[str]],
        *,
        trouble: Callable[[str], None],
        most_waiting: int = MOST_WAITING,
    ) -> None:
        """Write to `folder` without `secrets`; `trouble` is called once, in a thread.

        It hears why a capture was dropped, and then nothing until one was written.
        """
        self._folder = folder
        self._secrets = secrets
        self._told = trouble
        self._most = most_waiting
        self._queue: queue.SimpleQueue[_Work | Callable[[], None] | None] = (
            queue.SimpleQueue()
        )
        self._waiting = 0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.tally = Tally()

    def keep(self, request: CapturedRequest) -> None:
        """Have a request written, or drop it where too much waits already."""
        size = _size(request)
        with self._lock:
            full = self._waiting + size > self._most
            if not full:
                self._waiting += size
        if full:
            self._drop("the disk does not keep up")
            return
        self._queue.put(_Work(request, size))
        self.start()

    def start(self) -> None:
        """Start the thread; it also deletes what grows too old."""
        if self._thread is None:
            # A daemon: a disk that hangs must not keep the process from ending.
            self._thread = threading.Thread(
                target=self._run, name="captures", daemon=True
            )
            self._thread.start()

    def do(self, work: Callable[[], None]) -> None:
        """Have `work` done by the thread that owns the folder."""
        self._queue.put(work)
        self.start()

    def close(self, patience_s: float = 2.0) -> None:
        """Write what waits, within that time."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(patience_s)

    def _run(self) -> None:
        self._guarded(self._folder.prune)
        while True:
            try:
                work = self._queue.get(timeout=PRUNE_EVERY_S)
            except queue.Empty:
                self._guarded(self._folder.prune)
                continue
            if work is None:
                return
            if not isinstance(work, _Work):
                self._guarded(work)
                continue
            self._write(work)
            with self._lock:
                self._waiting -= work.size

    def _write(self, work: _Work) -> None:
        try:
            self._folder.write(redact(work.request, self._secrets()))
        except OSError as error:
            self._drop(error.strerror or str(error) or type(error).__name__)
        except Exception:  # noqa: BLE001 - the thread has to outlive any one request
            _log.exception("request %s is not captured", work.request.id)
            self._drop("it could not be written; the log says why")
        else:
            self.tally.written += 1
            self.tally.trouble = None

    def _drop(self, why: str) -> None:
        self.tally.dropped += 1
        first, self.tally.trouble = self.tally.trouble is None, why
        if first:
            _log.warning("a request is not captured: %s", why)
            self._told(why)

    def _guarded(self, work: Callable[[], object]) -> None:
        try:
            work()
        except OSError as error:
            _log.warning("captures cannot be looked after: %s", error)


def _size(request: CapturedRequest) -> int:
    """Return the bytes that a request holds in memory."""
    bodies: list[CapturedBody | None] = [request.body]
    for attempt in request.attempts:
        bodies += [attempt.body, attempt.answer]
    if request.reply is not None:
        bodies.append(request.reply.body)
    return 4096 + sum(len(each.data) for each in bodies if each is not None)
