"""From a planned request to what the rules look at, and to what stands for it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from faregate.core.approvals.cost import USUAL_OUTPUT
from faregate.core.approvals.findings import Subject
from faregate.core.money import ZERO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.core.estimate import Bounds
    from faregate.core.transcript import ToolCall
    from faregate.gateway.governor import Asked
    from faregate.gateway.plan import Plan

BYTES_PER_TOKEN = 3
"""Least bytes of a body that usually make one token; code and prose have more."""
_DRAWING = "image_generation"


def subject_of(plan: Plan, *, priced: bool = True) -> Subject:
    """Return a request as the rules see it; what it costs only where that counts."""
    facts = plan.facts
    tokens = _input_tokens(plan)
    return Subject(
        targets=(str(plan.target),),
        server_tools=facts.server_tools,
        carries_media=facts.media,
        wants_media=facts.audio or _DRAWING in facts.server_tools,
        estimate=plan.amount(_usual(plan, tokens)) if priced else ZERO,
        input_tokens=tokens,
    )


def digest_of(asked: Asked, calls: Sequence[ToolCall] = ()) -> str:
    """Return what stands for exactly what would be sent, or for calls of an answer."""
    plan, inbound = asked.plan, asked.inbound
    digest = hashlib.sha256()
    if calls:
        parts = [p for c in calls for p in (c.id, c.name, c.arguments)]
    else:
        changes = plan.splice(plan.bounds)
        body = inbound.body
        if changes is not None:
            body = inbound.codec.splice(body, changes)
        digest.update(hashlib.sha256(body).digest())
        parts = [inbound.head.method, plan.url, str(plan.target)]
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def signature_of(asked: Asked) -> tuple[object, ...]:
    """Return what a repeat of a request has in common with it.

    An agent whose stream was ended by an error asks again without a stream, so the
    body's bytes would not tell.
    """
    said = asked.facts.conversation
    if said.parts:
        return (asked.plan.target, said.fixed, said.parts)
    return (asked.plan.target, hashlib.sha256(asked.inbound.body).digest())


def _input_tokens(plan: Plan) -> int:
    facts = plan.facts
    if facts.media or facts.stored_input:
        return plan.bounds.input
    return min(plan.bounds.input, facts.body_bytes // BYTES_PER_TOKEN + 1)


def _usual(plan: Plan, tokens: int) -> Bounds:
    """Return bounds of a usual answer to this request: one round, not too long."""
    bounds = plan.bounds
    return replace(
        bounds,
        input=tokens,
        output=min(bounds.output, USUAL_OUTPUT),
        hidden_output=0,
        server_tool_calls=0,
    )
