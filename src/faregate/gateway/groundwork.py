"""What of a plan is the same for all requests of one kind, and decided once for them.

Owns what counts as one kind of request, and how a kind's bounds follow from how long
a request is. The tables behind it are the planner's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.estimate import Bounds, Unbounded, bounds_of, input_bound
from faregate.core.facts import Work
from faregate.core.values import dataclass
from faregate.gateway import messages
from faregate.gateway.plan_rules import held_at_maximum

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from faregate.core.capabilities import Capabilities
    from faregate.core.estimate import KnownTurn
    from faregate.core.facts import RequestFacts
    from faregate.core.model_facts import ModelFacts
    from faregate.core.pricing import PriceRow, Ratio
    from faregate.core.refusal import Refusal
    from faregate.core.routing import Target
    from faregate.gateway.inbound import Inbound
    from faregate.protocols.codec import RequestHead
    from faregate.providers.spec import ProviderSpec

DAY_MS = 86_400_000
"""Prices change with the date, in UTC."""
_REMEMBERED = 256
"""Kinds of requests that are kept: some agents say something new in every head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One kind of request at one target: all of its plan but how long it is."""

    target: Target
    spec: ProviderSpec
    head: RequestHead
    """The head that the URL and the headers were made of."""
    row: PriceRow | None
    row_of: Callable[[str | None], PriceRow | None]
    multiplier: Ratio
    url: str
    headers: Mapping[str, str]
    """The same object for the whole kind."""
    strip_usage: bool
    bursts: bool
    estimates: bool
    searches: bool
    """The model searches the web in each answer without being asked."""
    bills: bool
    """An attempt may cost money, so that its bounds count."""
    model: ModelFacts
    output_field: str | None
    heeds_bound: bool
    """The target keeps to an output bound that it is sent."""
    hidden_reasoning: bool
    taught: int | None
    """The largest output bound that the provider said it takes."""


class Grounds:
    """Remembers the ground of each kind; what is decided of it is the planner's.

    Never for a caller with a provider's own key: such keys are not kept.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._known: dict[Hashable, Ground] = {}
        self._tests: Mapping[tuple[str, str], Capabilities] | None = None

    def find(self, kind: Hashable, spec: ProviderSpec) -> Ground | None:
        """Return the ground of a kind, as long as its provider is the same."""
        found = self._known.get(kind)
        return found if found is not None and found.spec is spec else None

    def keep(self, kind: Hashable, ground: Ground) -> None:
        """Remember the ground of a kind; all are forgotten when there are too many."""
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[kind] = ground

    def forget(self) -> None:
        """Decide everything anew: more is known."""
        self._known.clear()

    def hear(self, tests: Mapping[tuple[str, str], Capabilities]) -> None:
        """Decide anew where smoke tests have shown something since."""
        if tests is not self._tests:
            self._tests = tests
            self._known.clear()


def kind_of(inbound: Inbound, facts: RequestFacts, target: Target) -> Hashable | None:
    """Return what a request has in common with those of its kind; None for others.

    A head stands for its caller; whoever keeps this keeps the head as well.
    """
    if facts.work is not Work.GENERATION or inbound.grant is None:
        return None
    return (
        id(inbound.head),
        target.provider,
        target.model,
        target.route,
        target.region,
        inbound.received_ms // DAY_MS,
        inbound.subscription,
        facts.model,
        facts.protocol,
        facts.stream,
        facts.wants_usage,
        facts.tools > 0,
        facts.server_tools,
        facts.audio,
        facts.media or facts.stored_input,
        facts.service_tier,
        facts.region,
        facts.output_field,
    )


def bounds_on(
    ground: Ground,
    facts: RequestFacts,
    known: KnownTurn | None,
    default_output: int,
    most: int | None,
) -> tuple[Bounds, str | None] | Refusal:
    """Return the bounds, and the field that the output bound is put into."""
    model = ground.model
    tokens = input_bound(facts, model, known)
    if isinstance(tokens, Unbounded):
        return messages.unbounded(ground.target, tokens)
    if facts.work is not Work.GENERATION:
        bounds = Bounds(input=tokens, output=0)
    else:
        bounds = bounds_of(
            facts,
            model,
            default_output=default_output,
            input_tokens=tokens,
            hidden_reasoning=ground.hidden_reasoning,
        )
        if not ground.heeds_bound:
            # No field stops this target: only its own maximum bounds an answer.
            return held_at_maximum(bounds, model), None
    field = ground.output_field
    if not bounds.output_injected:
        return bounds, field
    if field is None:
        return held_at_maximum(bounds, model), None
    # What errors taught bounds what the gate sends, never what it holds unsent.
    for limit in (most, ground.taught):
        if limit is not None and limit < bounds.output:
            bounds = bounds.with_output(limit)
    return bounds, field
