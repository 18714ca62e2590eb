"""What one attempt will be: its target, its bounds, its price, its bytes.

Decides nothing about room in a budget; that is admission's part.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from faregate.core.estimate import (
    Bounds,
    Unbounded,
    bounds_of,
    hold_amount,
    input_bound,
)
from faregate.core.facts import RequestFacts, Work
from faregate.core.model_facts import ModelFacts
from faregate.core.money import ZERO, Money
from faregate.core.pricing import PriceRow, zero_row
from faregate.core.refusal import Refusal, RefusalCode
from faregate.core.routing import NoTarget, RoutingTable, Target, resolve
from faregate.gateway import endpoints
from faregate.gateway.settings import GateSettings, Unpriced
from faregate.protocols.codec import Splice
from faregate.protocols.flags import COMPLETION_EXCLUDES_REASONING
from faregate.providers.spec import OPENAI_CHAT, Billing, ProviderSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from faregate.core.identity import Identity
    from faregate.gateway.inbound import Inbound
    from faregate.gateway.turns import Turns
    from faregate.providers.price_table import PriceTable

UNKNOWN_MAXIMUM = 128_000
"""Output tokens held where neither the caller nor the table names a maximum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One attempt before admission."""

    target: Target
    spec: ProviderSpec
    row: PriceRow | None
    """None when the price is unknown and the user allowed that."""
    model: ModelFacts
    facts: RequestFacts
    bounds: Bounds
    output_field: str | None
    url: str
    headers: Mapping[str, str]
    strip_usage: bool

    @property
    def metered(self) -> bool:
        """Tell whether this attempt can cost money."""
        return self.row is not None and self.row.source not in {"free", "subscription"}

    def amount(self, bounds: Bounds) -> Money:
        """Return the hold for these bounds."""
        if self.row is None or not self.metered:
            return ZERO
        return hold_amount(bounds, self.row, self.facts)

    def splice(self, bounds: Bounds) -> Splice | None:
        """Return the changes to the body, or None when it passes untouched."""
        model = None if self.target.model == self.facts.model else self.target.model
        bound = None
        moved = bounds.output != self.facts.output_bound
        if moved and self.metered and self.output_field:
            bound = bounds.output
        if model is None and bound is None and not self.strip_usage:
            return None
        return Splice(
            model=model,
            output_field=self.output_field if bound is not None else None,
            output_bound=bound,
            include_usage=self.strip_usage,
        )


class Planner:
    """Turns a request into a plan, from tables that never change while it lives."""

    def __init__(
        self,
        *,
        specs: Mapping[str, ProviderSpec],
        prices: PriceTable,
        table: RoutingTable,
        key_of: Callable[[str], str | None],
        settings: GateSettings,
        turns: Turns,
    ) -> None:
        self._specs = specs
        self._prices = prices
        self._table = table
        self._key_of = key_of
        self._settings = settings
        self._turns = turns
        self._learned: dict[Target, int] = {}
        self._rows: dict[tuple[Target, str | None, date], PriceRow | None] = {}

    def learn_maximum(self, target: Target, maximum: int) -> None:
        """Note the output maximum that a provider stated in an error."""
        self._learned[target] = maximum

    def window_of(self, target: str) -> int | None:
        """Return the context window of "provider/model", where it is known."""
        provider, _, model = target.partition("/")
        return self._prices.facts(provider, model).context

    def plan(
        self, inbound: Inbound, facts: RequestFacts, identity: Identity
    ) -> Plan | Refusal:
        """Return the attempt for a request, or why there can be none."""
        target = resolve(facts.model, self._table)
        if isinstance(target, NoTarget):
            return _no_target(target)
        spec = self._specs[target.provider]
        base = spec.base_urls.get(endpoints.base_protocol(facts.protocol))
        if base is None:
            return _wrong_protocol(target, spec, facts)
        headers = self._headers(inbound, spec, facts.protocol)
        if isinstance(headers, Refusal):
            return headers
        row = self._row(target, spec, inbound, facts.service_tier)
        model = self._model_facts(target)
        free = row is not None and row.source in {"free", "subscription"}
        if row is None and facts.work in {Work.GENERATION, Work.EMBEDDING}:
            unpriced = self._unpriced(target)
            if unpriced is not None:
                return unpriced
        bounds = self._bounds(facts, identity, target, spec, model, free=free)
        if isinstance(bounds, Refusal):
            return bounds
        output_field = facts.output_field or self._output_field(spec, model, facts)
        if bounds.output_injected and not output_field and not free:
            bounds = _held_at_maximum(bounds, model)
        return Plan(
            target=target,
            spec=spec,
            row=row,
            model=model,
            facts=facts,
            bounds=bounds,
            output_field=output_field,
            url=endpoints.url_of(base, inbound.head, facts, target),
            headers=headers,
            strip_usage=_must_ask_for_usage(facts),
        )

    def _row(
        self,
        target: Target,
        spec: ProviderSpec,
        inbound: Inbound,
        service: str | None,
    ) -> PriceRow | None:
        if spec.billing is Billing.FREE:
            return zero_row(target.provider, target.model, "free")
        if spec.billing is Billing.SUBSCRIPTION or inbound.subscription:
            return zero_row(target.provider, target.model, "subscription")
        at = datetime.fromtimestamp(inbound.received_ms / 1000, UTC).date()
        key = (target, service, at)
        if key not in self._rows:
            if len(self._rows) > 1000:
                self._rows.clear()
            row = self._prices.row(target.provider, target.model, at, service=service)
            if row is None and self._settings.unpriced is Unpriced.DEAREST:
                row = self._prices.dearest(target.provider, at)
            self._rows[key] = row
        return self._rows[key]

    def _unpriced(self, target: Target) -> Refusal | None:
        if self._settings.unpriced is Unpriced.ALLOW:
            return None
        return Refusal(
            code=RefusalCode.UNPRICED_MODEL,
            message=(
                f"No price is known for {target}, so the cap cannot be kept. Add to "
                f"config.toml (USD per million tokens): "
                f'[prices."{target}"] input = 1.0 output = 5.0'
            ),
            param="model",
        )

    def _model_facts(self, target: Target) -> ModelFacts:
        facts = self._prices.facts(target.provider, target.model)
        learned = self._learned.get(target)
        if learned is None:
            return facts
        return ModelFacts(
            context=facts.context, max_output=learned, output_field=facts.output_field
        )

    def _bounds(
        self,
        facts: RequestFacts,
        identity: Identity,
        target: Target,
        spec: ProviderSpec,
        model: ModelFacts,
        *,
        free: bool,
    ) -> Bounds | Refusal:
        if free:
            return Bounds(
                input=facts.body_bytes, output=facts.output_bound or 0, choices=1
            )
        known = self._turns.last(identity.session, target, facts.conversation.fixed)
        tokens = input_bound(facts, model, known)
        if isinstance(tokens, Unbounded):
            return Refusal(
                code=RefusalCode.UNPRICED_MODEL,
                message=(
                    f"The cost of this request has no bound: {tokens.why}. Add to "
                    f'config.toml: [models."{target}"] context = 200000'
                ),
                param="model",
            )
        if facts.work is not Work.GENERATION:
            return Bounds(input=tokens, output=0)
        return bounds_of(
            facts,
            model,
            default_output=self._settings.default_output,
            input_tokens=tokens,
            hidden_reasoning=COMPLETION_EXCLUDES_REASONING in spec.usage_flags,
        )

    def _output_field(
        self, spec: ProviderSpec, model: ModelFacts, facts: RequestFacts
    ) -> str | None:
        if facts.work is not Work.GENERATION:
            return None
        if model.output_field and facts.protocol == OPENAI_CHAT:
            return model.output_field
        return spec.output_fields.get(facts.protocol)

    def _headers(
        self, inbound: Inbound, spec: ProviderSpec, protocol: str
    ) -> dict[str, str] | Refusal:
        headers = endpoints.forwarded_headers(inbound.head.headers)
        if inbound.grant is None:
            return headers
        key = self._key_of(spec.name)
        # A provider of one's own that names no key, such as a server on this
        # machine, is asked without one.
        if key is None and spec.key_env and not spec.local:
            where = " or ".join(spec.key_env)
            return Refusal(
                code=RefusalCode.KEY_MISSING,
                message=(
                    f"No key for {spec.name}: set {where} where the proxy runs "
                    f"(or key_env, key_command under [providers.{spec.name}]), "
                    "then restart it with: faregate down; faregate up"
                ),
            )
        return endpoints.with_key(headers, spec, protocol, key)


def _held_at_maximum(bounds: Bounds, model: ModelFacts) -> Bounds:
    return Bounds(
        input=bounds.input,
        output=model.max_output or UNKNOWN_MAXIMUM,
        choices=bounds.choices,
        server_tool_calls=bounds.server_tool_calls,
    )


def _must_ask_for_usage(facts: RequestFacts) -> bool:
    return facts.stream and not facts.wants_usage


def _no_target(missing: NoTarget) -> Refusal:
    if missing.candidates:
        choices = ", ".join(f"{name}/{missing.model}" for name in missing.candidates)
        message = f"Several providers serve {missing.model!r}; name one: {choices}"
    else:
        message = (
            f"No provider is known for model {missing.model[:100]!r}. Write it as "
            "provider/model (faregate providers lists them), or add a route to "
            "config.toml"
        )
    return Refusal(code=RefusalCode.MODEL_NOT_FOUND, message=message, param="model")


def _wrong_protocol(target: Target, spec: ProviderSpec, facts: RequestFacts) -> Refusal:
    spoken = ", ".join(sorted(spec.base_urls)) or "none"
    return Refusal(
        code=RefusalCode.BAD_REQUEST,
        message=(
            f"{target.provider} does not speak {facts.protocol}; it speaks {spoken}. "
            "Use a model of another provider, or an agent that speaks one of these"
        ),
        param="model",
    )
