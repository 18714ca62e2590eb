"""Results of smoke tests as they go over the control socket, and into the ledger.

Owns both directions between a record and JSON. What is told by a process outside is
sanitised and bounded here, once.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, TypeVar

import msgspec

from faregate.control.sanitise import sanitise
from faregate.core.money import Money
from faregate.core.records import SmokeRunRow

_TEXT = 600
_T = TypeVar("_T")
_MOST_RUNS, _MOST_PROBES, _MOST_FIGURES = 64, 100, 100

Figure = float | int | str | bool | None
VerdictText = Literal["PASS", "WARN", "FAIL", "UNSUPPORTED", "SKIP"]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Id = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_]{1,40}$")]


class SmokeProbe(msgspec.Struct, frozen=True, kw_only=True):
    """What one probe found."""

    id: _Id
    title: str
    group: _Id
    verdict: VerdictText
    seen: str = ""
    means: str = ""
    fix: str = ""


class SmokeRunView(msgspec.Struct, frozen=True, kw_only=True):
    """One target in one run; probes stand from cause to effect."""

    run: _Name
    at: str
    target: _Name
    """"provider/model"."""
    protocol: _Name
    profile: _Name
    readiness: _Name
    cost: str
    """USD, as the ledger booked it."""
    probes: Annotated[list[SmokeProbe], msgspec.Meta(max_length=_MOST_PROBES)]
    metrics: dict[str, Figure] = {}
    learned: dict[str, Figure] = {}
    """How the provider meters: where usage is, whether tools work."""

    @property
    def provider(self) -> str:
        """Return the provider's name."""
        return self.target.partition("/")[0]

    @property
    def cause(self) -> SmokeProbe | None:
        """Return the first probe that failed."""
        return next((p for p in self.probes if p.verdict == "FAIL"), None)


class SmokeRuns(msgspec.Struct, frozen=True, kw_only=True):
    """Ask to keep the results of a run."""

    runs: Annotated[list[SmokeRunView], msgspec.Meta(max_length=_MOST_RUNS)]
    alerts: Annotated[list[str], msgspec.Meta(max_length=_MOST_RUNS)] = []
    """What got worse, a sentence each, for whoever watches the proxy."""


def row_of(view: SmokeRunView) -> SmokeRunRow:
    """Return a result as the ledger keeps it; raises ValueError for nonsense."""
    if max(len(view.metrics), len(view.learned)) > _MOST_FIGURES:
        raise ValueError("too many figures")
    cost = Money.usd(view.cost)
    if cost < Money(0):
        raise ValueError("a cost below zero")
    at = datetime.fromisoformat(view.at)
    if at.tzinfo is None:
        raise ValueError(f"{view.at} names no time zone")
    return SmokeRunRow(
        run=sanitise(view.run, limit=200),
        at_ms=int(at.timestamp() * 1000),
        target=sanitise(view.target, limit=200),
        protocol=sanitise(view.protocol, limit=200),
        profile=sanitise(view.profile, limit=200),
        readiness=sanitise(view.readiness, limit=200),
        verdicts=_json([_harmless(probe) for probe in view.probes]),
        metrics=_json(_figures(view.metrics)),
        learned=_json(_figures(view.learned)),
        cost=cost,
    )


def view_of(row: SmokeRunRow) -> SmokeRunView:
    """Return a kept result; one that an older version wrote may lack parts."""
    at = datetime.fromtimestamp(row.at_ms / 1000, UTC)
    return SmokeRunView(
        run=row.run,
        at=at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        target=row.target,
        protocol=row.protocol,
        profile=row.profile,
        readiness=row.readiness,
        cost=row.cost.exact(),
        probes=_read(row.verdicts, list[SmokeProbe], []),
        metrics=_read(row.metrics, dict[str, Figure], {}),
        learned=_read(row.learned, dict[str, Figure], {}),
    )


def _harmless(probe: SmokeProbe) -> SmokeProbe:
    return msgspec.structs.replace(
        probe,
        title=sanitise(probe.title, limit=80),
        seen=sanitise(probe.seen, limit=_TEXT),
        means=sanitise(probe.means, limit=_TEXT),
        fix=sanitise(probe.fix, limit=_TEXT),
    )


def _figures(figures: dict[str, Figure]) -> dict[str, Figure]:
    return {
        sanitise(name, limit=60): (
            sanitise(value, limit=_TEXT) if isinstance(value, str) else value
        )
        for name, value in figures.items()
    }


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _read(text: str, shape: type[_T], otherwise: _T) -> _T:
    try:
        return msgspec.json.decode(text, type=shape)
    except msgspec.MsgspecError:
        return otherwise
