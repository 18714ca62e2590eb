"""Figures of speed from the times of events. Pure arithmetic.

`n` stands beside each figure, and no percentile is given under twenty samples.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import quantiles
from typing import TYPE_CHECKING

from faregate.core.values import dataclass
from faregate.smoke.reading import Delta

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.smoke.asking.transcript import Transcript

FEWEST_FOR_PERCENTILES = 20
LATE_S = 0.1
_FEWEST_ARRIVALS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """How the events with output of one stream arrived.

    `arrivals` counts distinct moments, `span_s` is from the first to the last one,
    `spread` that span as a share of the whole time, `late_share` the share of bytes
    in the last tenth of a second, `burst_ratio` the share of events that came together
    with the one before.
    """

    events: int
    arrivals: int
    span_s: float
    spread: float
    late_share: float
    burst_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """The metrics of one streamed answer; seconds, and tokens a second.

    `estimated` says that the number of tokens is a local guess, shown with a `~`.
    """

    ttfb_s: float | None = None
    ttft_any_s: float | None = None
    ttft_text_s: float | None = None
    itl_s: float | None = None
    """(last - first) / (tokens - 1)."""
    gap_p50_s: float | None = None
    gap_p95_s: float | None = None
    gap_max_s: float | None = None
    gaps: int = 0
    """n of the gaps."""
    burst_ratio: float | None = None
    decode_tps: float | None = None
    """(tokens - 1) / (last - first)."""
    e2e_tps: float | None = None
    """Tokens / the whole time."""
    output_tokens: int | None = None
    estimated: bool = False


def cadence_of(asked: Transcript) -> Cadence | None:
    """Return how a stream arrived; None where no event brought output."""
    times = asked.token_times
    if not times:
        return None
    arrivals = len(set(times))
    first, last = times[0], times[-1]
    end = asked.chunks[-1][0] if asked.chunks else last
    total = sum(size for _, size in asked.chunks) or 1
    late = sum(size for at, size in asked.chunks if end - at < LATE_S)
    return Cadence(
        events=len(times),
        arrivals=arrivals,
        span_s=last - first,
        spread=(last - first) / last if last > 0 else 0.0,
        late_share=late / total,
        burst_ratio=1 - arrivals / len(times),
    )


def speed_of(asked: Transcript) -> Speed:
    """Return the metrics of one streamed answer."""
    times = asked.token_times
    if not times:
        return Speed(ttfb_s=asked.ttfb_s)
    tokens, estimated = _tokens(asked)
    span = times[-1] - times[0]
    gaps = [b - a for a, b in pairwise(times)]
    enough = len(gaps) >= FEWEST_FOR_PERCENTILES
    cuts = quantiles(gaps, n=20) if enough else []
    cadence = cadence_of(asked)
    # Of one burst, the time between its pieces is the reader's own.
    told = cadence is not None and cadence.arrivals >= _FEWEST_ARRIVALS
    return Speed(
        ttfb_s=asked.ttfb_s,
        ttft_any_s=times[0],
        ttft_text_s=asked.first(Delta.TEXT, Delta.TOOL),
        itl_s=span / (tokens - 1) if tokens > 1 and span > 0 else None,
        gap_p50_s=cuts[9] if cuts else None,
        gap_p95_s=cuts[18] if cuts else None,
        gap_max_s=max(gaps, default=None),
        gaps=len(gaps),
        burst_ratio=None if cadence is None else cadence.burst_ratio,
        decode_tps=(tokens - 1) / span if told and tokens > 1 and span > 0 else None,
        e2e_tps=tokens / times[-1] if times[-1] > 0 else None,
        output_tokens=tokens,
        estimated=estimated,
    )


def _tokens(asked: Transcript) -> tuple[int, bool]:
    """Return the output tokens, and whether they are a guess of four bytes a token."""
    usage = asked.answer.usage
    if usage is not None and usage.output:
        return usage.output, False
    return -(-asked.answer.output_bytes // 4), True


def middle(values: Sequence[float]) -> float | None:
    """Return the median; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    half = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[half]
    return (ordered[half - 1] + ordered[half]) / 2
