"""When the pieces of an answer came, seen from the moment the request went out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.attempts import Departure

if TYPE_CHECKING:
    from collections.abc import Callable


class TimedDeparture(Departure):
    """Notes when the connection stood; the transport writes `connecting`."""

    def __init__(self, now: Callable[[], float]) -> None:
        """Begin now, with no connection."""
        self._now = now
        self._connecting = False
        self.began = now()
        self.connected_at: float | None = None

    @property
    def connecting(self) -> bool:
        """Tell whether no connection is there yet."""
        return self._connecting

    @connecting.setter
    def connecting(self, value: bool) -> None:
        if self._connecting and not value:
            self.connected_at = self._now()
        self._connecting = value

    @property
    def zero(self) -> float:
        """Return the moment from which answers are timed."""
        return self.began if self.connected_at is None else self.connected_at
