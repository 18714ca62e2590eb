"""An answer in one piece for a client that has been told to expect a stream.

A provider may answer a request for a stream with plain JSON. A client that nothing
was sent yet gets it as it comes; one that was kept alive by comments, or may be, reads
events by now, and would take a body among them for nothing at all.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from faregate.gateway.translating import Carried, form_of
from faregate.protocols.translation.table import DIALECTS

if TYPE_CHECKING:
    from faregate.gateway.inbound import Inbound
    from faregate.gateway.plan import Plan
    from faregate.gateway.ports import UpstreamAnswer


def is_event_stream(upstream: UpstreamAnswer) -> bool:
    """Tell whether an answer is made of events, so that one more may follow."""
    kind = upstream.headers.get("content-type", "")
    return "json" not in kind


def way_back(
    inbound: Inbound, plan: Plan, upstream: UpstreamAnswer, *, expects_events: bool
) -> Carried | None:
    """Return how an answer becomes what the client reads; None for as it comes."""
    carried = plan.carried
    translated = carried is not None and carried.translation is not None
    asked = plan.asked_facts
    if translated or not expects_events or is_event_stream(upstream):
        return carried
    dialect = DIALECTS.get(asked.protocol)
    if dialect is None:
        return carried
    from faregate.protocols.translation.translator import Translation

    same = Translation(
        client=dialect,
        provider=dialect,
        body=b"",
        losses=frozenset(),
        form=form_of(inbound, asked),
        flags=plan.spec.usage_flags,
    )
    if carried is not None:
        return replace(carried, translation=same)
    return Carried(inbound=inbound, facts=plan.facts, asked=asked, translation=same)
