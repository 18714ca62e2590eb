"""The rules about requests, the values they share, and the paths that are denied."""

from __future__ import annotations

import dataclasses

import pytest

from faregate.core.approvals.denial import LONGEST_SHOWN, denied_text
from faregate.core.approvals.endpoints import kind_of_path
from faregate.core.approvals.findings import Subject
from faregate.core.approvals.policy import USUAL_SERVER_TOOLS, ApprovalPolicy
from faregate.core.approvals.registry import RULES, judge_request
from faregate.core.approvals.verdicts import (
    NameRule,
    Verdict,
    first_fit,
    fits,
    strictest,
)
from faregate.core.money import Money
from faregate.core.transcript import ToolCall

ALLOW, ASK, DENY = Verdict.ALLOW, Verdict.ASK, Verdict.DENY
PLAIN = Subject(
    targets=("openai/gpt-x",),
    server_tools=(),
    carries_media=False,
    wants_media=False,
    estimate=Money.usd("1"),
    input_tokens=1000,
)


def found(policy: ApprovalPolicy, **changes: object) -> list[tuple[str, str, Verdict]]:
    subject = dataclasses.replace(PLAIN, **changes)  # type: ignore[arg-type]
    return [(f.rule, f.what, f.verdict) for f in judge_request(subject, policy)]


def test_an_agents_usual_work_is_not_asked_about() -> None:
    usual = ApprovalPolicy()
    for tools in ((), ("web_search",), ("code_execution", "image_generation")):
        assert found(usual, server_tools=tools, carries_media=True) == []
    assert found(usual, estimate=Money.usd(100), input_tokens=10**6) == []


def test_tools_that_act_elsewhere_are_asked_about() -> None:
    tools = ("web_search", "mcp", "mcp_toolset", "computer_use")
    assert found(ApprovalPolicy(), server_tools=tools) == [
        ("server_tools", "mcp", ASK),
        ("server_tools", "mcp_toolset", ASK),
        ("server_tools", "computer_use", ASK),
    ]
    own = (NameRule("mcp", ALLOW), NameRule("web*", DENY), *USUAL_SERVER_TOOLS)
    policy = ApprovalPolicy(server_tools=own)
    assert found(policy, server_tools=("mcp",)) == []
    # What is denied is said alone: there is nothing to ask any more.
    assert found(policy, server_tools=tools) == [("server_tools", "web_search", DENY)]


def test_models_by_name_with_and_without_their_provider() -> None:
    for pattern in ("openai/*", "gpt-x", "gpt*", "*"):
        policy = ApprovalPolicy(models=(NameRule(pattern, ASK),))
        assert found(policy) == [("models", "openai/gpt-x", ASK)]
    policy = ApprovalPolicy(models=(NameRule("gpt-x", ALLOW), NameRule("*", DENY)))
    assert found(policy) == []
    two = ("openai/gpt-x", "openai/o3")
    assert found(policy, targets=two) == [("models", "openai/o3", DENY)]


@pytest.mark.parametrize("pattern", ["q/*", "q/m", "q@us/*", "m"])
def test_a_models_region_hides_it_from_no_rule(pattern: str) -> None:
    policy = ApprovalPolicy(models=(NameRule(pattern, DENY),))
    assert found(policy, targets=("q@us/m",)) == [("models", "q@us/m", DENY)]


def test_what_it_costs_and_how_large_it_is() -> None:
    policy = ApprovalPolicy(over_usd=Money.usd(1), context_tokens=1000)
    assert found(policy) == []
    (cost,) = judge_request(
        dataclasses.replace(PLAIN, estimate=Money.usd("1.92")), policy
    )
    assert cost.size == Money.usd("1.92").pico
    assert "$1.92" in cost.why
    (size,) = judge_request(dataclasses.replace(PLAIN, input_tokens=1001), policy)
    assert size.size == 1001
    assert "context" not in size.why


def test_files_and_sound() -> None:
    policy = ApprovalPolicy(uploads=ASK, media=DENY)
    assert found(policy, carries_media=True) == [("uploads", "files", ASK)]
    assert found(policy, carries_media=True, wants_media=True) == [
        ("media", "media", DENY)
    ]


def test_no_rule_says_anything_of_a_plain_request() -> None:
    assert all(not list(rule(PLAIN, ApprovalPolicy())) for rule in RULES)


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("a", "a", True),
        ("a", "A", False),
        ("a", "ab", False),
        ("a*", "a", True),
        ("*a", "ba", True),
        ("*", "", True),
        ("a*b*c", "a-b-c", True),
        ("a*b*c", "abc", True),
        ("a*a", "a", False),
        ("ab*ba", "aba", False),
        ("a*b*c", "acb", False),
        ("a**b", "a\nb", True),
        ("a.c", "abc", False),
    ],
)
def test_patterns(pattern: str, name: str, expected: bool) -> None:
    assert fits(pattern, name) is expected


def test_a_pattern_takes_time_in_proportion_to_the_text() -> None:
    assert not fits("*a" * 50 + "b", "a" * 1_000_000)


def test_the_first_that_fits_and_the_strictest() -> None:
    rules = (NameRule("a*", ALLOW), NameRule("*", DENY))
    assert first_fit(rules, ("ab",)) == rules[0]
    assert first_fit(rules, ("b",)) == rules[1]
    assert first_fit((), ("b",)) is None
    assert strictest([ALLOW, DENY, ASK]) is DENY
    assert strictest([]) is ALLOW


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/v1/batches", "batches"),
        ("/v1/messages/batches", "batches"),
        ("/v1beta/models/g:batchGenerateContent", "batches"),
        ("/v1/files", "uploads"),
        ("/v1/uploads/u1/parts", "uploads"),
        ("/upload/v1beta/files", "uploads"),
        ("/v1/fine_tuning/jobs", "fine_tunes"),
        ("/v1/images/generations", "media"),
        ("/v1/audio/speech", "media"),
        ("/v1/videos", "media"),
        ("/v1/realtime", "media"),
        ("/v1beta/models/veo:predictLongRunning", "media"),
        ("/v1/chat/completions", None),
        ("/v1/messages", None),
        ("/v1/embeddings", None),
        ("/v1beta/models/g:generateContent", None),
        ("/v1/filesystem", None),
    ],
)
def test_kinds_of_paths(path: str, kind: str | None) -> None:
    assert kind_of_path(path) == kind


def test_what_stands_in_place_of_a_call_is_short() -> None:
    call = ToolCall(id="1", name="Bash", arguments="x" * 10_000)
    text = denied_text(call, "nobody watches.")
    assert text.startswith("[Faregate] The call Bash(xxx")
    assert "nobody watches." in text
    assert len(text) < LONGEST_SHOWN + 250
