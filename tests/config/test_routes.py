"""[routes.NAME] and [retries]: what may stand there and what it becomes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from faregate.config.problems import ConfigError
from faregate.config.settings import Settings
from faregate.core.escalation import EscalationRule, Trigger
from faregate.core.retrying import RepeatPaid, RetryPolicy
from faregate.core.routing import Complexity, RoutePolicy, Target, TargetOptions

ROUTE = """
[routes.cheap]
models = ["auto", "gpt-*"]
targets = ["deepseek/v4", "dashscope@us/qwen", "anthropic/claude-x"]
"""


def target(provider: str, model: str, region: str = "") -> Target:
    return Target(provider=provider, model=model, route="cheap", region=region)


def test_a_route_with_everything(configured: Callable[[str], Settings]) -> None:
    settings = configured(
        ROUTE
        + """
policy = "cheapest"
sticky = false
escalate_to = "anthropic/claude-x"
[routes.cheap.complexity]
input_tokens = 60000
tools = 40
images = true
[routes.cheap.target."deepseek/v4"]
weight = 3
max_output = 4096
"""
    )
    (route,) = settings.routes
    first = target("deepseek", "v4")
    assert route.targets == (
        first,
        target("dashscope", "qwen", "us"),
        target("anthropic", "claude-x"),
    )
    assert route.policy is RoutePolicy.CHEAPEST
    assert not route.sticky
    assert route.escalate_to == (target("anthropic", "claude-x"),)
    assert route.complexity == Complexity(input_tokens=60_000, tools=40, images=True)
    assert route.options == {first: TargetOptions(weight=3, max_output=4096)}
    assert route.max_output(first) == 4096


def test_a_plain_route_is_ordered_and_sticky(
    configured: Callable[[str], Settings],
) -> None:
    settings = configured(ROUTE)
    (route,) = settings.routes
    assert (route.policy, route.sticky) == (RoutePolicy.ORDERED, True)
    assert (route.complexity, route.options, route.escalate_to) == (None, {}, ())
    assert settings.retries == RetryPolicy()


def test_retries(configured: Callable[[str], Settings]) -> None:
    text = (
        '[retries]\nattempts = 5\ndirect = 2\nmax_wait = "3s"\nfirst_event = "500ms"\n'
        'whole = "2m"\nrepeat_paid = "never"\n'
    )
    assert configured(text).retries == RetryPolicy(
        attempts=5,
        direct=2,
        max_wait=3.0,
        first_event=0.5,
        whole=120.0,
        repeat_paid=RepeatPaid.NEVER,
    )


def test_a_retired_target_names_its_successor(
    configured: Callable[[str], Settings],
) -> None:
    text = '[routes.r]\nmodels = ["m"]\ntargets = ["deepseek/deepseek-chat"]\n'
    (warning,) = configured(text).warnings
    assert warning.startswith("route r: deepseek/deepseek-chat was retired")
    assert "successor is deepseek/" in warning


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ('targets = ["openai@mars/x"]', "targets", 'no region "mars"'),
        (
            'targets = ["openai/x"]\nescalate_to = ["openai/y"]',
            "escalate_to",
            "openai/y",
        ),
        ('targets = ["openai/x"]\npolicy = "best"', "policy", "best"),
        (
            'targets = ["openai/x"]\n[routes.a.complexity]\ntools = 3',
            "complexity",
            "second target",
        ),
        (
            'targets = ["openai/x"]\n[routes.a.target."openai/y"]\nweight = 3',
            "openai/y",
            "not one of",
        ),
        (
            'targets = ["openai/x"]\n[routes.a.target."openai/x"]\nweight = -1',
            "weight",
            "-1",
        ),
    ],
)
def test_what_is_wrong_is_named(
    text: str, key: str, said: str, configured: Callable[[str], Settings]
) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(f'[routes.a]\nmodels = ["m"]\n{text}\n')
    (problem,) = caught.value.problems
    assert key in problem.key
    assert said in str(problem)


def test_when_a_route_escalates(configured: Callable[[str], Settings]) -> None:
    text = ROUTE + (
        'escalate_on = ["empty", "tool_arguments"]\nvalidate = true\n'
        "back_after = 3\nmin_logprob = -0.5\ntool_errors = 4\n"
    )
    (route,) = configured(text).routes
    assert route.escalation == EscalationRule(
        on=frozenset({Trigger.EMPTY, Trigger.TOOL_ARGUMENTS}),
        validate=True,
        back_after=3,
        min_logprob=-0.5,
        tool_errors=4,
    )


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ('escalate_on = "hunger"', "escalate_on"),
        ("validate = true", "validate"),
        ('escalate_on = "empty"\nmin_logprob = 1', "min_logprob"),
    ],
)
def test_what_is_wrong_about_an_escalation(
    more: str, key: str, configured: Callable[[str], Settings]
) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(ROUTE + more)
    assert [problem.key for problem in caught.value.problems] == [f"routes.cheap.{key}"]


def test_a_single_target_has_nowhere_to_escalate_to(
    configured: Callable[[str], Settings],
) -> None:
    text = '[routes.a]\nmodels = ["m"]\ntargets = ["openai/x"]\nescalate_on = "empty"\n'
    with pytest.raises(ConfigError) as caught:
        configured(text)
    assert "second target" in str(caught.value)
