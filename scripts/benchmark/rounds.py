"""Interleaved rounds, and what they add up to.

Each round asks every system the same, in turn, so that a busy machine is busy for
all of them; medians over rounds and ratios inside a round are what counts.
"""

from __future__ import annotations

import asyncio
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

import load
from scenarios import Scenario, crowd_ask

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from systems import System

CROWD_PAUSE_MS = 100


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One system in one round."""

    cpu_us: float
    """CPU time of the system for each request."""
    cpu_event_us: float
    """The same for each streamed event."""
    p50_ms: float
    p99_ms: float
    rate: float
    """Requests in a second, or streamed events."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """The medians of one scenario; ratios are to the bare forwarder."""

    scenario: str
    connections: int
    streams: bool
    bare: Sample
    gate: Sample
    added_p50_ms: tuple[float, float]
    """What the bare forwarder and the gate add to the direct latency."""
    added_p99_ms: tuple[float, float]
    cpu_ratio: float
    rate_ratio: float | None
    """None where the provider sets the pace."""


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Memory while many streams are open at once, in MB."""

    streams: int
    bare_mb: float
    gate_mb: float


async def run_scenario(
    scenario: Scenario, systems: Sequence[System], *, rounds: int, requests: int
) -> Row:
    """Measure one scenario; `systems` are direct, bare and gate."""
    count = scenario.requests(requests)
    for system in systems:
        await _sample(system, scenario, max(scenario.connections, count // 5))
    samples: dict[str, list[Sample]] = {system.name: [] for system in systems}
    for number in range(rounds):
        turn = number % len(systems)
        for system in (*systems[turn:], *systems[:turn]):
            samples[system.name].append(await _sample(system, scenario, count))
    return _row(scenario, samples)


async def run_crowd(
    bare: System, gate: System, *, streams: int, seconds: float
) -> Crowd:
    """Measure memory with `streams` open at once."""
    ask = crowd_ask(max(4, round(seconds * 1000 / CROWD_PAUSE_MS)), CROWD_PAUSE_MS)

    async def measure(system: System) -> float:
        running = asyncio.ensure_future(
            load.run(system, ask, requests=streams, connections=streams)
        )
        most = 0.0
        while not running.done():
            await asyncio.wait([running], timeout=seconds / 8)
            most = max(most, system.rss_mb())
        await running
        return most

    return Crowd(
        streams=streams, bare_mb=await measure(bare), gate_mb=await measure(gate)
    )


async def _sample(system: System, scenario: Scenario, requests: int) -> Sample:
    before = system.cpu_s()
    answers = await load.run(
        system, scenario.ask, requests=requests, connections=scenario.connections
    )
    cpu_us = (system.cpu_s() - before) * 1e6
    done = answers.events if scenario.streams else requests
    return Sample(
        cpu_us=cpu_us / requests,
        cpu_event_us=cpu_us / max(1, answers.events),
        p50_ms=statistics.median(answers.latencies_s) * 1000,
        p99_ms=_percentile(answers.latencies_s, 0.99) * 1000,
        rate=done / answers.wall_s,
    )


def _row(scenario: Scenario, samples: dict[str, list[Sample]]) -> Row:
    direct, bare, gate = (samples[name] for name in ("direct", "bare", "gate"))
    added_p50, added_p99 = (
        (
            _median(bare, of) - _median(direct, of),
            _median(gate, of) - _median(direct, of),
        )
        for of in (lambda s: s.p50_ms, lambda s: s.p99_ms)
    )
    return Row(
        scenario=scenario.name,
        connections=scenario.connections,
        streams=scenario.streams,
        bare=_middle(bare),
        gate=_middle(gate),
        added_p50_ms=added_p50,
        added_p99_ms=added_p99,
        cpu_ratio=_ratio(gate, bare, lambda s: s.cpu_us),
        rate_ratio=_ratio(gate, bare, lambda s: s.rate) if scenario.flat_out else None,
    )


def _ratio(
    ours: list[Sample], theirs: list[Sample], of: Callable[[Sample], float]
) -> float:
    pairs = zip(ours, theirs, strict=True)
    return statistics.median(of(a) / of(b) if of(b) else 0.0 for a, b in pairs)


def _middle(samples: list[Sample]) -> Sample:
    return Sample(
        cpu_us=_median(samples, lambda s: s.cpu_us),
        cpu_event_us=_median(samples, lambda s: s.cpu_event_us),
        p50_ms=_median(samples, lambda s: s.p50_ms),
        p99_ms=_median(samples, lambda s: s.p99_ms),
        rate=_median(samples, lambda s: s.rate),
    )


def _median(samples: list[Sample], of: Callable[[Sample], float]) -> float:
    return statistics.median(map(of, samples))


def _percentile(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
