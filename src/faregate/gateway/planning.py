"""Which plan a request gets: target, price row, bounds, key, output field.

Decides nothing about room in a budget; that is admission's part.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING

from faregate.core.estimate import Bounds
from faregate.core.facts import RequestFacts, Work
from faregate.core.fees import (
    as_billed,
    searches_unasked,
    sounding,
    unpriced_part,
)
from faregate.core.policy import Unpriced
from faregate.core.pricing import PriceRow, Ratio, zero_row
from faregate.core.refusal import Refusal
from faregate.core.routing import (
    NoTarget,
    RouteRule,
    RoutingTable,
    Target,
    resolve,
)
from faregate.gateway import endpoints, messages, translating
from faregate.gateway.groundwork import Ground, Grounds, bounds_on, kind_of
from faregate.gateway.learning import NOTHING_LEARNED, Learned
from faregate.gateway.plan import UNMETERED, Plan
from faregate.gateway.plan_rules import (
    capped,
    dearest_region,
    has_no_tools,
    must_ask_for_usage,
)
from faregate.gateway.tested_targets import TestedTargets
from faregate.protocols.flags import COMPLETION_EXCLUDES_REASONING
from faregate.providers.spec import OPENAI_CHAT, Billing, ProviderSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from faregate.core.capabilities import Capabilities
    from faregate.core.identity import Identity
    from faregate.core.model_facts import ModelFacts
    from faregate.gateway.inbound import Inbound
    from faregate.gateway.learning import Lesson
    from faregate.gateway.settings import GateSettings
    from faregate.gateway.translating import Carried
    from faregate.gateway.turns import Turns
    from faregate.providers.price_table import PriceTable

_REMEMBERED = 1024
"""Model names that are kept with what they lead to: callers name what they like."""


class Planner:
    """Turns a request into a plan, from tables that are only replaced as a whole."""

    def __init__(
        self,
        *,
        specs: Mapping[str, ProviderSpec],
        prices: PriceTable,
        table: RoutingTable,
        key_of: Callable[[str], str | None],
        settings: GateSettings,
        turns: Turns,
        regions: Mapping[str, str] | None = None,
    ) -> None:
        """Plan by these tables; `regions` are those chosen for some providers."""
        self._specs = specs
        self._prices = prices
        self._table = table
        self._key_of = key_of
        self._settings = settings
        self._turns = turns
        self._regions = regions or {}
        self.tested = TestedTargets()
        """What smoke tests showed; told anew after each of them."""
        self._ahead = translating.Ahead()
        self._grounds = Grounds()
        self._learned: dict[tuple[str, str, str], Learned] = {}
        self._rows: dict[tuple[str, str, str | None, date], PriceRow | None] = {}
        self._targets: dict[str, Target | NoTarget] = {}

    def learn(self, target: Target, protocol: str, lesson: Lesson) -> None:
        """Note what a provider said of the output bound that the gate had set."""
        key = (target.provider, target.model, protocol)
        self._learned.setdefault(key, Learned()).take(lesson)
        self._grounds.forget()

    def reprice(self, prices: PriceTable, table: RoutingTable) -> None:
        """Plan by other prices, and by what they say of models, from now on."""
        self._prices, self._table = prices, table
        self._rows.clear()
        self._targets.clear()
        self._grounds.forget()

    def window_of(self, target: str) -> int | None:
        """Return the context window of "provider/model", where it is known."""
        provider, _, model = target.partition("/")
        return self._prices.facts(provider, model).context

    def vouched_for(self, target: str) -> bool:
        """Tell whether a person says that tool calls of "provider/model" work."""
        spec = self._specs.get(target.partition("/")[0])
        return spec is not None and spec.tools is True

    def plan(
        self,
        inbound: Inbound,
        facts: RequestFacts,
        identity: Identity,
        *,
        target: Target | None = None,
        most: int | None = None,
    ) -> Plan | Refusal:
        """Return the attempt for a request, or why there can be none.

        Without a `target` the model's name decides. `most` is what the gate's own
        output bound must not pass this time.
        """
        if target is None:
            found = self._target(facts.model)
            if isinstance(found, NoTarget):
                return messages.no_target(found)
            target = found
        spec = self._specs[target.provider]
        instead = self._carried(inbound, facts, target, spec, most)
        if isinstance(instead, Refusal):
            return instead
        if instead is not None:
            inbound, facts = instead.inbound, instead.facts
        ground = self._ground(inbound, facts, target, spec, instead)
        if isinstance(ground, Refusal):
            return ground
        if ground.searches:
            facts = as_billed(facts, target.model)
        bounded = self._bounded(ground, facts, identity.session, most)
        if isinstance(bounded, Refusal):
            return bounded
        bounds, field = bounded
        return Plan(
            target,
            spec,
            ground.row,
            ground.row_of,
            inbound.received_ms,
            ground.multiplier,
            facts,
            bounds,
            field,
            ground.url,
            ground.headers,
            ground.strip_usage,
            ground.bursts,
            instead,
            ground.estimates,
        )

    async def prepare(self, inbound: Inbound, facts: RequestFacts) -> None:
        """Do what takes long for a large request, before it is planned."""
        route = self.route_of(facts.model)
        target = self._target(facts.model) if route is None else route.targets[0]
        if isinstance(target, NoTarget):
            return
        spec = self._specs[target.provider]
        work = partial(self._carried, inbound, facts, target, spec)
        await self._ahead.make(inbound, target, work)

    def _carried(
        self,
        inbound: Inbound,
        facts: RequestFacts,
        target: Target,
        spec: ProviderSpec,
        most: int | None = None,
    ) -> Carried | Refusal | None:
        """Return what is sent in place of a request; None where it goes as it is."""
        if (made := self._ahead.take(inbound, target)) is not None:
            return made[0]
        if endpoints.base_protocol(facts.protocol) in spec.base_urls:
            return translating.cleaned(inbound, facts)
        if facts.work is Work.TOKEN_COUNT and inbound.grant is not None:
            return None
        model = self._prices.facts(target.provider, target.model)
        key = (target.provider, target.model, translating.dialect_of(spec) or "")
        taught = self._learned.get(key, NOTHING_LEARNED).maximum
        bounds = translating.output_bounds(
            spec, self._settings, (model.max_output, taught, most)
        )
        return translating.carried(inbound, facts, target, spec, bounds)

    def _ground(
        self,
        inbound: Inbound,
        facts: RequestFacts,
        target: Target,
        spec: ProviderSpec,
        instead: Carried | None,
    ) -> Ground | Refusal:
        """Return what a plan has in common with others of its kind."""
        kind = None
        if instead is None or instead.translation is None:
            # Else what is sent has a head of its own each time.
            kind = kind_of(inbound, facts, target)
        if kind is None:
            return self._decided(inbound, facts, target, spec)
        self._grounds.hear(self.tested.known)
        ground = self._grounds.find(kind, spec)
        if ground is not None:
            return ground
        decided = self._decided(inbound, facts, target, spec)
        if isinstance(decided, Ground):
            self._grounds.keep(kind, decided)
        return decided

    def _decided(
        self,
        inbound: Inbound,
        facts: RequestFacts,
        target: Target,
        spec: ProviderSpec,
    ) -> Ground | Refusal:
        """Decide all of a plan that does not follow from how long a request is."""
        base = spec.base_url(endpoints.base_protocol(facts.protocol), target.region)
        if base is None and target.region:
            return messages.not_in_region(target, facts)
        tested = self.tested.of(target, facts.protocol)
        if has_no_tools(spec, facts, tested):
            return messages.tools_failed(target, tested)
        headers = self._headers(inbound, spec, facts.protocol, base)
        if isinstance(headers, Refusal):
            return headers
        day = datetime.fromtimestamp(inbound.received_ms / 1000, UTC).date()
        subscribed = inbound.subscription and spec.takes_flat_logins
        sound = facts.audio

        def row_of(service: str | None) -> PriceRow | None:
            row = self._row(target, spec, day, service, subscribed=subscribed)
            return sounding(row) if row is not None and sound else row

        facts = as_billed(facts, target.model)
        tier = facts.service_tier
        stated = self._row(target, spec, day, tier, subscribed=subscribed)
        unpriced = self._unpriced(facts, target, stated)
        if unpriced is not None:
            return unpriced
        row = row_of(tier)
        counted = facts.work is Work.TOKEN_COUNT
        bills = not counted and row is not None and row.source not in UNMETERED
        model = self._prices.facts(target.provider, target.model)
        learned = self._learned.get(
            (target.provider, target.model, facts.protocol), NOTHING_LEARNED
        )
        return Ground(
            target=target,
            spec=spec,
            head=inbound.head,
            row=row,
            row_of=row_of,
            multiplier=self.multiplier(target, facts.region),
            url=endpoints.url_of(base or "", inbound.head, facts, target),
            headers=headers,
            strip_usage=must_ask_for_usage(facts, tested),
            bursts=tested.bursts is True,
            estimates=base is None,
            searches=searches_unasked(target.model),
            bills=bills,
            model=capped(model, row, facts) if bills and row is not None else model,
            output_field=self._output_field(spec, model, facts, learned, tested),
            heeds_bound=tested.keeps_bound is not False,
            hidden_reasoning=COMPLETION_EXCLUDES_REASONING in spec.usage_flags,
            taught=learned.maximum,
        )

    def _bounded(
        self, ground: Ground, facts: RequestFacts, session: str, most: int | None
    ) -> tuple[Bounds, str | None] | Refusal:
        """Return the bounds, and the field that the output bound is put into."""
        if not ground.bills:
            free = Bounds(input=facts.body_bytes, output=facts.output_bound or 0)
            return free, None
        known = self._turns.last(session, ground.target, facts.conversation.fixed)
        default = self._settings.default_output
        return bounds_on(ground, facts, known, default, most)

    def route_named(self, name: str) -> RouteRule | None:
        """Return the configured route of this name."""
        return next((rule for rule in self._table.routes if rule.name == name), None)

    def speaks(self, target: Target, protocol: str) -> bool:
        """Tell whether a target takes a dialect as it is."""
        base = endpoints.base_protocol(protocol)
        return self._specs[target.provider].base_url(base, target.region) is not None

    def price(self, target: Target, service: str | None, at_ms: int) -> PriceRow | None:
        """Return the price row of a target on the day of an instant, if it has one."""
        at = datetime.fromtimestamp(at_ms / 1000, UTC).date()
        spec = self._specs[target.provider]
        return self._row(target, spec, at, service, subscribed=False)

    def multiplier(self, target: Target, asked: str | None) -> Ratio:
        """Return the factor of the region that a request for a target may run in."""
        chosen = target.region or self._regions.get(target.provider, "")
        return dearest_region(self._specs[target.provider], chosen, asked)

    def route_of(self, model: str) -> RouteRule | None:
        """Return the configured route that answers to a model's name."""
        return self._table.route_of(model) if self._table.routes else None

    def _target(self, model: str) -> Target | NoTarget:
        target = self._targets.get(model)
        if target is None:
            if len(self._targets) >= _REMEMBERED:
                self._targets.clear()
            target = self._targets[model] = resolve(model, self._table)
        return target

    def _unpriced(
        self, facts: RequestFacts, target: Target, row: PriceRow | None
    ) -> Refusal | None:
        """Return the refusal where what a request may cost cannot be told."""
        counted = facts.work is Work.TOKEN_COUNT
        if counted or self._settings.unpriced is Unpriced.ALLOW:
            return None
        if row is None:
            return messages.unpriced(target)
        part = None if row.source in UNMETERED else unpriced_part(facts, row)
        return None if part is None else messages.unpriced_part(target, part)

    def _row(
        self,
        target: Target,
        spec: ProviderSpec,
        at: date,
        service: str | None,
        *,
        subscribed: bool,
    ) -> PriceRow | None:
        if spec.billing is Billing.FREE:
            return zero_row(target.provider, target.model, "free")
        if subscribed or spec.billing is Billing.SUBSCRIPTION:
            return zero_row(target.provider, target.model, "subscription")
        key = (target.provider, target.model, service, at)
        if key not in self._rows:
            if len(self._rows) >= _REMEMBERED:
                self._rows.clear()
            row = self._prices.row(target.provider, target.model, at, service=service)
            if row is None and self._settings.unpriced is Unpriced.DEAREST:
                row = self._prices.dearest(target.provider, at)
            self._rows[key] = row
        return self._rows[key]

    def _output_field(
        self,
        spec: ProviderSpec,
        model: ModelFacts,
        facts: RequestFacts,
        learned: Learned,
        tested: Capabilities,
    ) -> str | None:
        """Return the field that an output bound is put into, None for none.

        A caller's own field stays where nothing is known of another one.
        """
        said = facts.output_field
        if facts.work is not Work.GENERATION:
            return said
        if learned.field or learned.no_field:
            return learned.field or said
        if facts.protocol == OPENAI_CHAT and model.output_field:
            return model.output_field
        if facts.protocol == OPENAI_CHAT and not spec.output_fields_known:
            # Where no vendor documents the field, the test is what is known.
            known = tested.output_field or spec.output_fields.get(facts.protocol)
            return known if said is None else tested.output_field or said
        known = spec.output_fields.get(facts.protocol)
        if said is None or (facts.protocol == OPENAI_CHAT and spec.output_fields_known):
            return known or said
        return said

    def _headers(
        self, inbound: Inbound, spec: ProviderSpec, protocol: str, base: str | None
    ) -> dict[str, str] | Refusal:
        sent = inbound.head.headers
        if inbound.grant is None:
            return endpoints.forwarded_headers(sent, spec, base)
        key = self._key_of(spec.name)
        # A provider of one's own that names no key, such as a server on this
        # machine, is asked without one.
        if key is None and spec.key_env and not spec.local:
            return messages.key_missing(spec)
        return endpoints.forwarded_with_key(sent, spec, protocol, key, base)
