"""What the proxy told this TUI, kept up to date message by message.

Plain data: no terminal, no I/O, no clock. Money totals are the proxy's; nothing here
adds up what happens to be in memory.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from faregate.control.governing import latched_words
from faregate.control.models import (
    BudgetView,
    Delta,
    EventView,
    FeedMessage,
    FlightView,
    ProviderView,
    ProxyInfo,
    SessionView,
    Setup,
    Snapshot,
)
from faregate.control.work import asked_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faregate.control.approvals import ApprovalView, DecidedView

MAX_EVENTS = 200

_K = TypeVar("_K")
_V = TypeVar("_V")


class Kind(StrEnum):
    """A part of the store that screens listen to."""

    PROXY = "proxy"
    BUDGETS = "budgets"
    SESSIONS = "sessions"
    FLIGHTS = "flights"
    EVENTS = "events"
    PROVIDERS = "providers"
    BURN = "burn"
    SETUP = "setup"
    APPROVALS = "approvals"
    LINK = "link"


EVERYTHING = frozenset(Kind)


class LinkState(StrEnum):
    """How the connection to the proxy is."""

    CONNECTING = "connecting"
    LIVE = "live"
    LOST = "lost"
    """Something listened, and the connection broke."""
    ABSENT = "absent"
    """Nobody listens on the socket."""
    REFUSED = "refused"
    """Something answers that we cannot work with; `why` says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The connection; times are of the monotonic clock."""

    state: LinkState = LinkState.CONNECTING
    since: float = 0.0
    retry_at: float | None = None
    why: str | None = None


@dataclass(slots=True)
class Store:
    """Everything that was told, as of `received` on the monotonic clock."""

    link: Link = field(default_factory=Link)
    seq: int = -1
    received: float = 0.0
    version: str = ""
    build: str = ""
    proxy: ProxyInfo | None = None
    in_flight: int = 0
    waiting: int = 0
    waiting_approval: int = 0
    """Of those that wait, how many do so for a person."""
    budgets: dict[tuple[str, str], BudgetView] = field(default_factory=dict)
    sessions: dict[str, SessionView] = field(default_factory=dict)
    providers: dict[str, ProviderView] = field(default_factory=dict)
    flights: list[FlightView] = field(default_factory=list)
    events: deque[EventView] = field(default_factory=lambda: deque(maxlen=MAX_EVENTS))
    setup: Setup | None = None
    burn: list[str] = field(default_factory=list)
    tokens_per_minute: int = 0
    wasted_month: str = "0"
    refused_month: int = 0
    approvals: list[ApprovalView] = field(default_factory=list)
    decided: list[DecidedView] = field(default_factory=list)
    latched: str = ""
    """What a person paused or stopped beside single sessions, in words."""

    @property
    def told(self) -> bool:
        """Whether a snapshot ever came."""
        return self.seq >= 0

    @property
    def live(self) -> bool:
        """Whether the figures are of now."""
        return self.link.state is LinkState.LIVE

    def apply(self, message: FeedMessage, received: float) -> set[Kind]:
        """Take in a message that came at `received`; return what it changed."""
        if isinstance(message, Snapshot):
            return self._apply_snapshot(message, received)
        if message.seq < self.seq:
            return set()
        return self._apply_delta(message, received)

    def set_link(self, link: Link) -> set[Kind]:
        """Note how the connection is; return what that changed."""
        if link == self.link:
            return set()
        self.link = link
        return {Kind.LINK}

    def requests(self) -> int:
        """Return the requests of all listed sessions."""
        return sum(map(asked_of, self.sessions.values()))

    def copy(self) -> Store:
        """Return this moment, which later messages do not touch."""
        return replace(
            self,
            budgets=dict(self.budgets),
            sessions=dict(self.sessions),
            providers=dict(self.providers),
            flights=list(self.flights),
            events=deque(self.events, maxlen=MAX_EVENTS),
            burn=list(self.burn),
            approvals=list(self.approvals),
            decided=list(self.decided),
        )

    def _apply_snapshot(self, message: Snapshot, received: float) -> set[Kind]:
        status = message.status
        self.version, self.build = status.version, status.build
        self.proxy = status.proxy
        self.in_flight, self.waiting = status.in_flight, status.waiting
        self.waiting_approval = status.waiting_approval
        self.budgets = {(b.scope, b.window): b for b in status.budgets}
        self.sessions = {session.id: session for session in status.sessions}
        self.providers = {provider.name: provider for provider in status.providers}
        self.flights = list(message.flights)
        self.events = deque(
            sorted(message.events, key=lambda event: event.seq), maxlen=MAX_EVENTS
        )
        self.setup = message.setup
        self._take_burn(message)
        self._take_approvals(message)
        self.latched = latched_words(status.paused, status.stopped)
        self.seq, self.received = message.seq, received
        return set(EVERYTHING - {Kind.LINK})

    def _apply_delta(self, message: Delta, received: float) -> set[Kind]:
        latched = latched_words(message.paused, message.stopped)
        changed = {
            Kind.BUDGETS: self._merge_budgets(message.budgets),
            Kind.SESSIONS: self._merge_sessions(message.sessions),
            Kind.PROVIDERS: self._merge_providers(message.providers),
            Kind.FLIGHTS: self.flights != message.flights,
            Kind.EVENTS: self._append_events(message.events),
            Kind.PROXY: self._work()
            != (
                message.in_flight,
                message.waiting,
                message.waiting_approval,
                latched,
            ),
            Kind.BURN: self._take_burn(message),
            Kind.APPROVALS: self._take_approvals(message),
            Kind.SETUP: message.setup is not None and message.setup != self.setup,
        }
        self.flights = list(message.flights)
        self.in_flight, self.waiting = message.in_flight, message.waiting
        self.waiting_approval = message.waiting_approval
        self.latched = latched
        self.setup = message.setup or self.setup
        if self.proxy is not None:
            self.proxy = ProxyInfo(
                url=self.proxy.url, pid=self.proxy.pid, uptime_s=message.uptime_s
            )
        self.seq, self.received = message.seq, received
        return {kind for kind, did in changed.items() if did}

    def _work(self) -> tuple[int, int, int, str]:
        return self.in_flight, self.waiting, self.waiting_approval, self.latched

    def _merge_budgets(self, views: Iterable[BudgetView]) -> bool:
        keyed = [((view.scope, view.window), view) for view in views]
        return _merge(self.budgets, keyed)

    def _merge_sessions(self, views: Iterable[SessionView]) -> bool:
        return _merge(self.sessions, [(view.id, view) for view in views])

    def _merge_providers(self, views: Iterable[ProviderView]) -> bool:
        return _merge(self.providers, [(view.name, view) for view in views])

    def _append_events(self, events: Iterable[EventView]) -> bool:
        newest = self.events[-1].seq if self.events else -1
        fresh = [event for event in events if event.seq > newest]
        self.events.extend(fresh)
        return bool(fresh)

    def _take_approvals(self, message: FeedMessage) -> bool:
        before = (self.approvals, self.decided)
        self.approvals, self.decided = list(message.approvals), list(message.decided)
        return before != (self.approvals, self.decided)

    def _take_burn(self, message: FeedMessage) -> bool:
        before = (
            self.burn,
            self.tokens_per_minute,
            self.wasted_month,
            self.refused_month,
        )
        self.burn = list(message.burn)
        self.tokens_per_minute = message.tokens_per_minute
        self.wasted_month = message.wasted_month
        self.refused_month = message.refused_month
        return before != (
            self.burn,
            self.tokens_per_minute,
            self.wasted_month,
            self.refused_month,
        )


def _merge(into: dict[_K, _V], fresh: list[tuple[_K, _V]]) -> bool:
    """Replace what differs; equal values stay the same objects, for cheap checks."""
    known = into.get
    different = [each for each in fresh if known(each[0]) != each[1]]
    into.update(different)
    return bool(different)
