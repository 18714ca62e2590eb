"""A spender that books with the running proxy, over its control socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.control.side_spending import (
    answer_from_wire,
    end_to_wire,
    hold_to_wire,
)

if TYPE_CHECKING:
    from faregate.control.client import ControlClient
    from faregate.core.side_spend import SpendAsk, SpendEnd, SpendHeld, SpendRefused


class ProxySpender:
    """Makes each hold and each end one call to the proxy."""

    def __init__(self, client: ControlClient) -> None:
        """Spend through `client`."""
        self._client = client

    def hold(self, ask: SpendAsk) -> SpendHeld | SpendRefused:
        """Set money aside, or say why not; raises ControlError."""
        return answer_from_wire(self._client.side_hold(hold_to_wire(ask)), ask.amount)

    def end(self, end: SpendEnd) -> None:
        """End a hold, once; raises ControlError."""
        self._client.side_end(end_to_wire(end))
