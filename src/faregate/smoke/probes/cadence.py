"""Asks: is it a real stream, or one burst at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.context import Profile
from faregate.smoke.exchanges import text_stream
from faregate.smoke.metrics import Cadence, cadence_of
from faregate.smoke.probe import Group, Probe
from faregate.smoke.verdict import passed, skipped, warned

if TYPE_CHECKING:
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Fact, Finding

_FEWEST_EVENTS = 8
_FEWEST_FOR_SHARES = 20
"""Of fewer events, a pause of any machine puts half behind it."""
_SHORT_S = 0.5
"""Below this, shares of the whole time say nothing: only the gaps do."""
_TOO_FAST_S = 0.3
"""A whole answer within this may come at once without anybody collecting it."""
_MOST_LATE = 0.50
_MOST_GLUED = 10.0
_MEANS = "something between here and the model collects the stream: no live output"
_FIX = "look for a buffering gateway or proxy on the way (proxy_buffering off)"


async def run(ctx: ProbeContext) -> Finding:
    """Look at when the events of one answer came."""
    asked = await text_stream(ctx)
    found = cadence_of(asked)
    if found is None or found.events < _FEWEST_EVENTS:
        count = 0 if found is None else found.events
        if asked.answer.output_bytes > 200 and count:
            return warned(
                f"{asked.answer.output_bytes} bytes of output in {count} events",
                _MEANS,
                _FIX,
                events=count,
            )
        return skipped(f"only {count} events: too short to judge", events=count)
    facts: dict[str, Fact] = {
        "events": found.events,
        "arrivals": found.arrivals,
        "spread": round(found.spread, 3),
        "late_share": round(found.late_share, 3),
        "burst_ratio": round(found.burst_ratio, 3),
    }
    seen = (
        f"{found.events} events in {found.arrivals} arrivals over {found.span_s:.2f} s"
    )
    if _is_burst(found) and asked.token_times[-1] < _TOO_FAST_S:
        took = asked.token_times[-1] * 1000
        return skipped(
            f"{seen}; all of it took {took:.0f} ms: too fast to judge", **facts
        )
    if _is_burst(found):
        return warned(f"{seen}: a burst", _MEANS, _FIX, **facts)
    return passed(seen, **facts)


def _is_burst(found: Cadence) -> bool:
    """Judge by when events came beside each other, not by the wait before them.

    A model may think or queue for long and then stream as it should.
    """
    if found.arrivals < 3 or found.events / found.arrivals > _MOST_GLUED:
        return True
    judged = found.span_s >= _SHORT_S and found.events >= _FEWEST_FOR_SHARES
    return judged and found.late_share >= _MOST_LATE


PROBE = Probe(
    id="cadence",
    title="Cadence",
    group=Group.STREAM,
    profile=Profile.QUICK,
    run=run,
    needs=("basic", "first_byte"),
)
