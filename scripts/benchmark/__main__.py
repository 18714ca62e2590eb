"""Measures the gate, with everything on, against a bare aiohttp forwarder.

Three processes on loopback: a provider that costs next to nothing, the system under
test, and this one, which sends the load. The system under test is by turns nothing
(direct), the least that an aiohttp proxy must do (bare) and `faregate serve` with
authentication, budgets, ledger, metering and events (gate). Only ratios travel from
one machine to another; the exit code says nothing about speed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import report
import systems
from report import Result, Start
from rounds import run_crowd, run_scenario
from scenarios import scenarios

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from scenarios import Scenario


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is measured."""

    rounds: int
    requests: int
    starts: int
    crowd: int
    crowd_s: float


DEFAULT = Size(rounds=5, requests=1000, starts=3, crowd=500, crowd_s=4.0)
QUICK = Size(rounds=3, requests=400, starts=1, crowd=200, crowd_s=1.0)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--quick", action="store_true", help="about 20 s, rougher")
    parser.add_argument("--rounds", type=int, help="interleaved rounds of each load")
    parser.add_argument("--requests", type=int, help="small requests in each round")
    parser.add_argument("--only", default="", help="loads whose name holds this text")
    given = parser.parse_args(argv)
    size = _size(given)
    chosen = [s for s in scenarios() if given.only in s.name]
    if not chosen:
        parser.error(f"no load is named like {given.only!r}")
    _allow_many_connections()
    with tempfile.TemporaryDirectory(prefix="faregate-bench-") as folder:
        result = _run_loop(_measure(size, chosen, Path(folder)))
    print(report.as_json(result) if given.json else report.as_table(result))
    return 0


def _size(given: argparse.Namespace) -> Size:
    size = QUICK if given.quick else DEFAULT
    rounds = given.rounds or size.rounds
    if given.requests is None:
        return Size(**{**size.__dict__, "rounds": rounds})
    # So few that somebody wants to see it run, not to know.
    tiny = given.requests < QUICK.requests // 4
    return Size(
        rounds=given.rounds or (2 if tiny else size.rounds),
        requests=given.requests,
        starts=0 if tiny else size.starts,
        crowd=8 if tiny else size.crowd,
        crowd_s=0.4 if tiny else size.crowd_s,
    )


async def _measure(size: Size, chosen: Sequence[Scenario], folder: Path) -> Result:
    with contextlib.ExitStack() as stack:
        direct = stack.enter_context(systems.provider())
        starts = [_ready(direct, folder / f"start-{n}") for n in range(size.starts)]
        bare = stack.enter_context(systems.forwarder(direct))
        gate = stack.enter_context(systems.gate(direct, folder / "home"))
        # A tiny run takes the start that it needs anyway.
        starts = starts or [(bare.ready_s, gate.ready_s)]
        idle = (bare.rss_mb(), gate.rss_mb())
        rows = []
        for scenario in chosen:
            _say(f"{scenario.name}, {scenario.connections} connections")
            rows.append(
                await run_scenario(
                    scenario,
                    (direct, bare, gate),
                    rounds=size.rounds,
                    requests=size.requests,
                )
            )
        _say(f"{size.crowd} streams at once")
        crowd = await run_crowd(bare, gate, streams=size.crowd, seconds=size.crowd_s)
        return Result(
            rounds=size.rounds,
            rows=tuple(rows),
            start=Start(
                bare_s=statistics.median(s[0] for s in starts),
                gate_s=statistics.median(s[1] for s in starts),
                bare_idle_mb=idle[0],
                gate_idle_mb=idle[1],
            ),
            crowd=crowd,
        )


def _ready(direct: systems.System, home: Path) -> tuple[float, float]:
    """Return how long the bare forwarder and the gate take to their first answer."""
    with systems.forwarder(direct) as bare:
        bare_s = bare.ready_s
    with systems.gate(direct, home) as gate:
        return bare_s, gate.ready_s


def _run_loop(work: Coroutine[Any, Any, Result]) -> Result:
    if sys.platform == "win32":
        return asyncio.run(work)
    import uvloop

    return uvloop.run(work)


def _allow_many_connections() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _say(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
