"""Where results of smoke tests are kept: with the proxy, else in the ledger itself."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from faregate.control.client import ControlClient
from faregate.control.errors import ProxyNotRunning
from faregate.control.smoke_runs import SmokeRuns, row_of, view_of
from faregate.core.holds import LedgerError
from faregate.offline import read_smoke, record_smoke
from faregate.server.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.config.paths import Paths
    from faregate.config.settings import Settings
    from faregate.control.smoke_runs import SmokeRunView

_MOST = 200
MOST_ALERTS = 20


class History:
    """What earlier smoke tests found."""

    def __init__(self, settings: Settings, paths: Paths) -> None:
        """Ask the proxy of `paths`, or read the ledger of `settings`."""
        self._settings = settings
        self._client = ControlClient(paths.socket)

    def keep(self, runs: Sequence[SmokeRunView], *, alerts: Sequence[str] = ()) -> None:
        """Keep results, and tell a running proxy's watchers what got worse.

        Raises ControlError or LedgerError.
        """
        if not runs:
            return
        try:
            self._client.keep_smoke(
                SmokeRuns(runs=list(runs), alerts=list(alerts)[:MOST_ALERTS])
            )
        except ProxyNotRunning:
            rows = [row_of(run) for run in runs]
            record_smoke(self._settings, SystemClock(), rows)

    def of(self, target: str, *, limit: int = 20) -> list[SmokeRunView]:
        """Return a target's runs, newest first; raises ControlError."""
        try:
            return self._client.smoke_runs(target, limit=limit)
        except ProxyNotRunning:
            return self._read(target, limit)

    def latest(self) -> list[SmokeRunView]:
        """Return the newest run of each target; raises ControlError."""
        try:
            return self._client.smoke_runs()
        except ProxyNotRunning:
            return self._read(None, _MOST)

    def _read(self, target: str | None, limit: int) -> list[SmokeRunView]:
        # A ledger that is not there yet, or older than the history, holds none.
        with contextlib.suppress(LedgerError):
            rows = read_smoke(self._settings, target, limit=limit)
            return [view_of(row) for row in rows]
        return []
