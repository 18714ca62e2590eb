"""[approvals]: what may be written there, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from faregate.config.problems import ConfigError
from faregate.config.settings import Settings
from faregate.core.approvals.policy import (
    USUAL_SERVER_TOOLS,
    ApprovalPolicy,
    Unattended,
)
from faregate.core.approvals.verdicts import NameRule, Verdict
from faregate.core.money import Money

Configured = Callable[[str], Settings]
ALLOW, ASK, DENY = Verdict.ALLOW, Verdict.ASK, Verdict.DENY


def test_nothing_written_means_what_is_usual(configured: Configured) -> None:
    assert configured("").approvals == ApprovalPolicy()


def test_everything_that_can_be_written(configured: Configured) -> None:
    policy = configured(
        """
        [approvals]
        server_tools = { web_search = "ask", "code*" = "deny" }
        batches = "deny"
        fine_tunes = "deny"
        uploads = "ask"
        media = "deny"
        over_usd = 1.50
        context_tokens = 150000
        models = { "openai/*" = "ask" }
        timeout = "10m"
        unattended = "allow"
        [approvals.tools]
        "Bash(git push*)" = "ask"
        "@write" = "deny"
        """
    ).approvals
    assert policy.server_tools == (
        NameRule("web_search", ASK),
        NameRule("code*", DENY),
        *USUAL_SERVER_TOOLS,
    )
    assert (policy.uploads, policy.media) == (ASK, DENY)
    assert policy.over_usd == Money.usd("1.5")
    assert policy.context_tokens == 150_000
    assert policy.models == (NameRule("openai/*", ASK),)
    assert [(r.pattern, r.verdict) for r in policy.tools] == [
        ("Bash(git push*)", ASK),
        ("@write", DENY),
    ]
    assert (policy.timeout_s, policy.unattended) == (600.0, Unattended.ALLOW)


def test_one_word_is_about_everything(configured: Configured) -> None:
    policy = configured(
        '[approvals]\nserver_tools = "allow"\nmodels = "ask"\ntools = "ask"\n'
    ).approvals
    assert policy.server_tools[0] == NameRule("*", ALLOW)
    assert policy.models == (NameRule("*", ASK),)
    assert [(r.pattern, r.verdict) for r in policy.tools] == [("*", ASK)]


def test_a_list_of_calls_is_asked_about(configured: Configured) -> None:
    policy = configured('[approvals]\ntools = ["Bash(rm*)", "@write"]\n').approvals
    assert {(r.pattern, r.verdict) for r in policy.tools} == {
        ("Bash(rm*)", ASK),
        ("@write", ASK),
    }


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('batches = "ask"', "batches are not passed on: nothing bounds what they cost"),
        ('fine_tunes = "allow"', "Leave the key out"),
        ('uploads = "maybe"', "is not one of allow, ask, deny"),
        ("server_tools = 5", "neither a verdict nor a table"),
        ('server_tools = { "" = "ask" }', "is no pattern"),
        ('server_tools = { x = "yes" }', "is not one of allow, ask, deny"),
        ('models = ["x"]', "neither a verdict nor a table"),
        ('tools = { "Bash(git" = "ask" }', "is no pattern of tool calls"),
        ('tools = { "@wrote" = "ask" }', "@write"),
        ("tools = [5]", "is not text"),
        ('over_usd = "1"', "money is a bare number"),
        ("context_tokens = 0", "out of range"),
        ('timeout = "1s"', "out of range"),
        ("timeout = 30", 'Write: timeout = "30s"'),
        ('unattended = "ask"', "is not one of deny, allow, wait"),
        ('server_tool = "ask"', "server_tools"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    configured: Configured, line: str, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(f"[approvals]\n{line}\n")
    assert said in str(caught.value)


def test_a_key_without_its_section_is_sent_there(configured: Configured) -> None:
    with pytest.raises(ConfigError, match=r"belongs under \[approvals\]"):
        configured('over_usd = 1\nunattended = "deny"\n')
