"""What was measured, as a table for a person and as JSON for a program."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rounds import Crowd, Row


@dataclass(frozen=True, kw_only=True)
class Start:
    """From the start of the process to its first answer, and memory then."""

    bare_s: float
    gate_s: float
    bare_idle_mb: float
    gate_idle_mb: float


@dataclass(frozen=True, kw_only=True)
class Result:
    """One run of the bench."""

    rounds: int
    rows: tuple[Row, ...]
    start: Start
    crowd: Crowd


_HEAD = (
    "load", "conn", "CPU us bare", "gate", "ratio", "added p50 ms", "gate",
    "added p99 ms", "gate", "rate/s bare", "gate", "ratio",
)  # fmt: skip


def as_json(result: Result) -> str:
    """Return the whole result as one JSON document."""
    return json.dumps(dataclasses.asdict(result), indent=1)


def as_table(result: Result) -> str:
    """Return the tables that a person reads."""
    lines = _columns([_HEAD, *map(_cells, result.rows)])
    start, crowd = result.start, result.crowd
    lines += [
        "",
        f"ready       bare {start.bare_s:.2f} s   gate {start.gate_s:.2f} s",
        f"memory      bare {start.bare_idle_mb:.0f} MB   "
        f"gate {start.gate_idle_mb:.0f} MB when idle",
        f"            bare {crowd.bare_mb:.0f} MB   gate {crowd.gate_mb:.0f} MB "
        f"with {crowd.streams} streams at once",
        "",
        f"Medians of {result.rounds} interleaved rounds; bare is the least aiohttp "
        "forwarder; CPU is of the",
        "proxy alone, for each request or streamed event; added latency is what it "
        "adds to asking the",
        "provider directly; rates are requests or events; ratios are gate to bare. In the "
        "85 kB agent",
        "turn each connection is a session of its own: 16 turns from 70 to 100 kB, each "
        "of which says all",
        "that the one before said and more, then another session; bare gets the same.",
    ]
    return "\n".join(lines)


def _cells(row: Row) -> tuple[str, ...]:
    def cpu(us: float, event_us: float) -> str:
        return f"{event_us:.1f}" if row.streams else f"{us:.0f}"

    return (
        row.scenario,
        str(row.connections),
        cpu(row.bare.cpu_us, row.bare.cpu_event_us),
        cpu(row.gate.cpu_us, row.gate.cpu_event_us),
        f"{row.cpu_ratio:.2f}",
        *(f"{value:.2f}" for value in (*row.added_p50_ms, *row.added_p99_ms)),
        f"{row.bare.rate:.0f}",
        f"{row.gate.rate:.0f}",
        "-" if row.rate_ratio is None else f"{row.rate_ratio:.2f}",
    )


def _columns(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
