"""[routes.NAME] and [retries]: who serves which model, and what follows a failure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from faregate.config.problems import did_you_mean
from faregate.config.route_keys import (
    ComplexityKeys,
    RetryKeys,
    RouteKeys,
    RouteTargetKeys,
)
from faregate.config.sections.prices import target_of
from faregate.core.escalation import EscalationRule
from faregate.core.retrying import RetryPolicy
from faregate.core.routing import Complexity, RouteRule, Target, TargetOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.config.settings import ProviderChoice
    from faregate.config.tables import Table


def read_retries(table: Table) -> RetryPolicy:
    """Return how often and how requests are tried again."""
    policy = RetryPolicy(
        attempts=table.value(RetryKeys.ATTEMPTS),
        direct=table.value(RetryKeys.DIRECT),
        max_wait=table.value(RetryKeys.MAX_WAIT),
        first_event=table.value(RetryKeys.FIRST_EVENT),
        whole=table.value(RetryKeys.WHOLE),
        repeat_paid=table.value(RetryKeys.REPEAT_PAID),
    )
    table.finish()
    return policy


def read_routes(
    table: Table, providers: Mapping[str, ProviderChoice]
) -> tuple[RouteRule, ...]:
    """Return the named routes; no model is in two of them."""
    routes: list[RouteRule] = []
    answered: dict[str, str] = {}
    for name, section in table.named():
        rule = _rule(section, name, providers)
        _claim_models(section, name, answered)
        section.finish()
        if rule is not None:
            routes.append(rule)
    return tuple(routes)


def retired_targets(
    routes: tuple[RouteRule, ...], providers: Mapping[str, ProviderChoice]
) -> tuple[str, ...]:
    """Return a warning for each target of a route whose model is gone."""
    return tuple(
        f"route {rule.name}: {target.bare} was retired; its successor is "
        f"{target.provider}/{successor}"
        for rule in routes
        for target in rule.targets
        if (successor := providers[target.provider].spec.retired.get(target.model))
    )


def _rule(
    section: Table, name: str, providers: Mapping[str, ProviderChoice]
) -> RouteRule | None:
    models = section.required(RouteKeys.MODELS)
    names = section.required(RouteKeys.TARGETS)
    if models == ():
        section.problem("models", "is empty: the route would never be taken")
    if names == ():
        section.problem("targets", "is empty: the route leads nowhere")
    targets = _targets(section, "targets", name, names or (), providers)
    higher = section.optional(RouteKeys.ESCALATE_TO) or ()
    escalate_to = _targets(section, "escalate_to", name, higher, providers)
    for target in escalate_to:
        if targets and target not in targets:
            section.problem(
                "escalate_to", f"{target} is not one of the targets", "Add it to them."
            )
    rule = RouteRule(
        name=name,
        models=models or (),
        targets=targets,
        options=_options(section, targets),
        policy=section.value(RouteKeys.POLICY),
        sticky=section.value(RouteKeys.STICKY),
        escalate_to=escalate_to,
        complexity=_complexity(section),
        escalation=_escalation(section),
    )
    for key, given in (
        ("complexity", rule.complexity is not None),
        ("escalate_on", rule.escalation is not None),
    ):
        if given and targets and not rule.levels:
            section.problem(key, "needs a second target, where such requests go")
    return rule if models and targets else None


def _claim_models(section: Table, name: str, answered: dict[str, str]) -> None:
    for model in section.optional(RouteKeys.MODELS) or ():
        if model in answered:
            section.problem(
                "models", f'"{model}" is answered by route {answered[model]}'
            )
        answered[model] = name


def _targets(
    section: Table,
    key: str,
    route: str,
    names: tuple[str, ...],
    providers: Mapping[str, ProviderChoice],
) -> tuple[Target, ...]:
    found: dict[Target, None] = {}
    for name in names:
        target = _target(name, providers)
        if isinstance(target, str):
            section.problem(key, target)
            continue
        target = replace(target, route=route)
        if target in found:
            section.problem(key, f"names {target} twice")
        found[target] = None
    return tuple(found)


def _target(name: str, providers: Mapping[str, ProviderChoice]) -> Target | str:
    """Read provider/model or provider@region/model, or return what is wrong."""
    head, slash, model = name.partition("/")
    provider, at, region = head.partition("@")
    target = target_of(f"{provider}{slash}{model}", providers)
    if isinstance(target, str) or not at:
        return target
    regions = providers[provider].spec.regions
    if region not in regions:
        known = ", ".join(sorted(regions)) or "none"
        guess = did_you_mean(region, regions) or f"Known: {known}."
        return f'{provider} has no region "{region}". {guess}'
    return replace(target, region=region)


def _options(
    section: Table, targets: tuple[Target, ...]
) -> Mapping[Target, TargetOptions]:
    named = {str(target): target for target in targets}
    table = section.table("target")
    found: dict[Target, TargetOptions] = {}
    for name, each in table.named():
        option = TargetOptions(
            weight=each.optional(RouteTargetKeys.WEIGHT),
            max_output=each.optional(RouteTargetKeys.MAX_OUTPUT),
        )
        each.finish()
        if name in named:
            found[named[name]] = option
        elif named:
            guess = did_you_mean(name, named)
            table.problem(name, "is not one of the route's targets", guess)
    return found


def _escalation(section: Table) -> EscalationRule | None:
    """Return when a session is escalated; None where the route does not."""
    on = section.optional(RouteKeys.ESCALATE_ON)
    rule = EscalationRule(
        on=frozenset(on or ()),
        validate=section.value(RouteKeys.VALIDATE),
        back_after=section.value(RouteKeys.BACK_AFTER),
        min_logprob=section.value(RouteKeys.MIN_LOGPROB),
        tool_errors=section.value(RouteKeys.TOOL_ERRORS),
    )
    if on:
        return rule
    for key in ("validate", "back_after", "min_logprob", "tool_errors"):
        if section.has(key):
            section.problem(key, "does nothing without escalate_on")
    return None


def _complexity(section: Table) -> Complexity | None:
    if not section.has("complexity"):
        section.table("complexity")
        return None
    table = section.table("complexity")
    found = Complexity(
        input_tokens=table.optional(ComplexityKeys.INPUT_TOKENS),
        tools=table.optional(ComplexityKeys.TOOLS),
        images=table.value(ComplexityKeys.IMAGES),
        reasoning=table.value(ComplexityKeys.REASONING),
    )
    table.finish()
    return found
