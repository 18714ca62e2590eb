"""Figures of speed from known times."""

from __future__ import annotations

import pytest

from faregate.core.usage import Usage
from faregate.protocols.codec import Answer
from faregate.smoke.asking.transcript import Event, Transcript
from faregate.smoke.metrics import cadence_of, middle, speed_of
from faregate.smoke.reading import Delta

TEXT, THOUGHT = frozenset({Delta.TEXT}), frozenset({Delta.REASONING})


def stream(
    times: list[float],
    *,
    tokens: int | None = None,
    thoughts: int = 0,
    output_bytes: int = 0,
) -> Transcript:
    events = tuple(
        Event(at=at, data={}, deltas=THOUGHT if n < thoughts else TEXT)
        for n, at in enumerate(times)
    )
    usage = None if tokens is None else Usage(output=tokens)
    return Transcript(
        sent={},
        stream=True,
        ttfb_s=0.1,
        events=events,
        chunks=tuple((at, 10) for at in times),
        answer=Answer(usage=usage, output_bytes=output_bytes),
    )


def test_the_three_times_to_a_first_token() -> None:
    speed = speed_of(stream([0.2, 0.3, 0.4], tokens=3, thoughts=1))
    assert (speed.ttfb_s, speed.ttft_any_s, speed.ttft_text_s) == (0.1, 0.2, 0.3)


def test_rates_by_the_providers_tokens() -> None:
    speed = speed_of(stream([1.0, 1.5, 2.0], tokens=11))
    assert speed.itl_s == pytest.approx(0.1)
    assert speed.decode_tps == pytest.approx(10.0)
    assert speed.e2e_tps == pytest.approx(5.5)
    assert (speed.output_tokens, speed.estimated) == (11, False)


def test_a_burst_has_no_rate() -> None:
    assert speed_of(stream([1.0, 1.001, 1.001], tokens=90)).decode_tps is None
    assert speed_of(stream([1.0, 1.001, 1.002], tokens=90)).decode_tps is not None


def test_without_usage_the_tokens_are_a_guess() -> None:
    speed = speed_of(stream([1.0, 2.0], output_bytes=41))
    assert (speed.output_tokens, speed.estimated) == (11, True)


def test_no_percentile_of_a_few() -> None:
    few = speed_of(stream([n / 10 for n in range(20)], tokens=20))
    assert (few.gaps, few.gap_p50_s, few.gap_p95_s) == (19, None, None)
    assert few.gap_max_s == pytest.approx(0.1)
    many = speed_of(stream([n / 10 for n in range(21)], tokens=21))
    assert many.gaps == 20
    assert many.gap_p50_s == pytest.approx(0.1)


def test_nothing_of_nothing() -> None:
    assert cadence_of(stream([])) is None
    assert speed_of(stream([])).decode_tps is None
    once = speed_of(stream([0.5], tokens=1))
    assert (once.itl_s, once.decode_tps, once.gap_max_s) == (None, None, None)


def test_a_burst_and_a_stream() -> None:
    burst = cadence_of(stream([1.0] * 10))
    assert burst is not None
    assert (burst.arrivals, burst.span_s, burst.burst_ratio) == (1, 0.0, 0.9)
    assert burst.late_share == 1.0
    even = cadence_of(stream([n / 5 for n in range(1, 11)]))
    assert even is not None
    assert (even.arrivals, even.burst_ratio) == (10, 0.0)
    assert even.spread == pytest.approx(0.9)
    assert even.late_share == pytest.approx(0.1)


def test_the_middle() -> None:
    assert middle([]) is None
    assert middle([3, 1, 2]) == 2
    assert middle([4, 1, 2, 3]) == 2.5
