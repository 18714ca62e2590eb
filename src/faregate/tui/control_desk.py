"""Where the TUI asks the proxy for more than the feed tells, and has it act.

Every call is a short connection in a thread of its own, so that a proxy that hangs
never stops the screen.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal, ParamSpec, TypeVar

from faregate.control.approvals import Approve, Deny
from faregate.control.client import ControlClient
from faregate.control.cost_client import CostClient
from faregate.control.cost_log import Judge
from faregate.control.errors import ControlError
from faregate.control.models import ResolveHold, SetBudget
from faregate.control.trial import TrialAsk
from faregate.tui.workers import in_thread

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from faregate.control.cost_log import (
        ExplainView,
        Report,
        RequestView,
        SessionPage,
    )
    from faregate.control.governing import (
        LatchView,
        LimitChanged,
        LimitsView,
        LoopView,
        SetLimit,
    )
    from faregate.control.models import HoldView
    from faregate.control.prices import PriceChanged, PriceView, SetPrice
    from faregate.control.trial import TrialAnswer

_P = ParamSpec("_P")
_T = TypeVar("_T")

TRIAL_S = 75.0
"""Seconds for a model to answer a test request."""
WATCHING = "this view only watches: act in a terminal, or open it with its token"


class ControlDesk:
    """Asks and acts for the person at the screen; every method raises ControlError.

    What raises money is sent as confirmed: the screen has asked, and the proxy looks
    for itself whether a terminal is behind it.
    """

    def __init__(self, socket_path: Path, *, read_only: bool = False) -> None:
        """Ask the proxy at `socket_path`; a `read_only` desk changes nothing."""
        self.read_only = read_only
        self._client = ControlClient(socket_path)
        self._patient = ControlClient(socket_path, timeout=TRIAL_S)
        self._costs = CostClient(socket_path)

    async def holds(self) -> list[HoldView]:
        """Return open and unknown holds, oldest first."""
        return await in_thread(self._client.holds)

    async def resolve(self, hold: str, spent: str | None) -> None:
        """Book `spent` USD for an unknown hold, or nothing for None."""
        asked = ResolveHold(id=hold, spent=spent, note="from the screen")
        await self._act(self._client.resolve, asked, confirmed=True)

    async def set_budget(
        self, scope: str, window: str, limit: str | None, for_s: float | None = None
    ) -> None:
        """Set a budget's limit in USD, for a while or for good; None takes it away."""
        asked = SetBudget(scope=scope, window=window, limit=limit, for_s=for_s)
        await self._act(self._client.set_budget, asked, confirmed=True)

    async def approve(self, waits: str, seen: str, *, session: bool = False) -> None:
        """Let pass what waits, as it was `seen`, once or for its whole session."""
        asked = Approve(session=session, hash=seen)
        await self._act(self._client.approve, waits, asked, confirmed=True)

    async def deny(self, waits: str, seen: str) -> None:
        """Refuse what waits, as it was `seen`."""
        await self._act(self._client.deny, waits, Deny(hash=seen))

    async def stop(self, scope: str) -> int:
        """Stop "all", "workspace:X" or "session:X"; return how many requests ended."""
        return (await self._act(self._client.stop, scope)).ended

    async def ask_again(self, provider: str) -> bool:
        """End a provider's rest; tell whether it rested."""
        return bool(await self._act(self._client.ask_again, provider))

    async def pause(self, scope: str) -> None:
        """Have the requests of a scope wait."""
        await self._act(self._client.pause, scope)

    async def resume(self, scope: str) -> None:
        """Let a scope go on that was paused or stopped."""
        await self._act(self._client.resume, scope, confirmed=True)

    async def latches(self) -> list[LatchView]:
        """Return everything that is paused or stopped."""
        return await in_thread(self._client.latches)

    async def limits(self, session: str | None) -> LimitsView:
        """Return what limits a session and how much of it is used, or any session."""
        return await in_thread(partial(self._client.limits, session))

    async def price(self, target: str) -> PriceView:
        """Return what a model costs now."""
        return await in_thread(partial(self._client.price, target))

    async def set_price(self, asked: SetPrice) -> PriceChanged:
        """Set a model's price, from the next request on."""
        return await self._act(self._client.set_price, asked, confirmed=True)

    async def trial(self, target: str | None, *, preview: bool) -> TrialAnswer:
        """Send one small request through the gate, or only tell what that costs."""
        ask = TrialAsk(target=target, preview=preview)
        if preview:
            return await in_thread(partial(self._client.trial, ask))
        return await self._act(self._patient.trial, ask, confirmed=True)

    async def loops(self) -> list[LoopView]:
        """Return the conversations that were stopped because they went in circles."""
        return await in_thread(self._client.loops)

    async def set_limit(self, asked: SetLimit) -> LimitChanged:
        """Set a limit or take it back; a preview only tells what that would do."""
        return await self._act(self._client.set_limit, asked, confirmed=True)

    async def requests(self, session: str | None, limit: int) -> list[RequestView]:
        """Return the latest requests, the newest first."""
        ask = partial(self._costs.requests, session=session, since_ms=0, limit=limit)
        return await in_thread(ask)

    async def sessions(self, limit: int, before: int | None) -> SessionPage:
        """Return a page of all sessions, the newest first."""
        return await in_thread(
            partial(self._costs.sessions, limit=limit, before=before)
        )

    async def explain(self, request: str) -> ExplainView:
        """Return everything that is kept of a request."""
        return await in_thread(partial(self._costs.explain, request))

    async def report(self, by: str, since_ms: int) -> Report:
        """Return sums by a key since an instant."""
        return await in_thread(partial(self._costs.report, by, since_ms=since_ms))

    async def judge(
        self, session: str, outcome: Literal["accepted", "rejected"]
    ) -> None:
        """Say whether a session's task was accepted."""
        await self._act(self._costs.judge, Judge(session=session, outcome=outcome))

    async def _act(
        self, verb: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        if self.read_only:
            raise ControlError("read_only", WATCHING)
        return await in_thread(partial(verb, *args, **kwargs))
