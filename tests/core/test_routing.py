"""A model name leads to one provider, or to none."""

from __future__ import annotations

import pytest

from faregate.core.routing import NoTarget, RouteRule, RoutingTable, Target, resolve

TABLE = RoutingTable(
    providers=frozenset({"openai", "openrouter", "mine", "other"}),
    routes=(
        RouteRule(
            name="cheap",
            models=("fast", "small/one"),
            targets=(Target(provider="mine", model="tiny", route="cheap"),),
        ),
        RouteRule(
            name="wide",
            models=("gpt-*", "other"),
            targets=(
                Target(provider="mine", model="large", route="wide"),
                Target(provider="openai", model="gpt-9", route="wide"),
            ),
        ),
        RouteRule(
            name="exact",
            models=("gpt-8",),
            targets=(Target(provider="openai", model="gpt-8", route="exact"),),
        ),
    ),
    described={"shared": ("mine", "other"), "only": ("mine",)},
    by_prefix={"o5": "openai"}.get,
)


@pytest.mark.parametrize(
    ("model", "target"),
    [
        ("openai/gpt-5", Target(provider="openai", model="gpt-5")),
        (
            "openrouter/openai/gpt-5",
            Target(provider="openrouter", model="openai/gpt-5"),
        ),
        ("cheap", Target(provider="mine", model="tiny", route="cheap")),
        ("fast", Target(provider="mine", model="tiny", route="cheap")),
        ("small/one", Target(provider="mine", model="tiny", route="cheap")),
        ("only", Target(provider="mine", model="only")),
        ("gpt-4", Target(provider="mine", model="large", route="wide")),
        ("gpt-8", Target(provider="openai", model="gpt-8", route="exact")),
        ("openai/gpt-4", Target(provider="openai", model="gpt-4")),
        ("o5", Target(provider="openai", model="o5")),
    ],
)
def test_a_name_that_leads_somewhere(model: str, target: Target) -> None:
    assert resolve(model, TABLE) == target


@pytest.mark.parametrize("model", ["nothing", "unknown/gpt-5", "openai/", "/gpt-5", ""])
def test_a_name_that_leads_nowhere(model: str) -> None:
    assert resolve(model, TABLE) == NoTarget(model=model)


def test_a_name_that_two_providers_describe_is_not_guessed() -> None:
    found = resolve("shared", TABLE)
    assert found == NoTarget(model="shared", candidates=("mine", "other"))


def test_a_target_is_written_as_provider_and_model() -> None:
    assert str(Target(provider="mine", model="tiny")) == "mine/tiny"
