"""The table of agents: unique, consistent, and each found by what it is called."""

from __future__ import annotations

from collections import Counter

import pytest

from faregate.core.agents import AGENTS, EVERYTHING, agent_named, names
from faregate.core.identity import is_name
from faregate.providers.spec import PROTOCOLS


def test_every_word_leads_to_one_agent() -> None:
    words = Counter(word for agent in AGENTS for word in {agent.name, *agent.commands})
    assert [word for word, count in words.items() if count > 1] == []
    for word in names():
        assert agent_named(word) is not None
    assert len(set(names())) == len(names())


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("claude", "claude-code"),
        ("Claude-Code", "claude-code"),
        ("cn", "continue"),
        ("openai", "openai-sdk"),
        ("aider-chat", "aider"),
        ("@openai/codex", "codex"),
    ],
)
def test_an_agent_is_found_by_name_command_or_package(word: str, name: str) -> None:
    agent = agent_named(word)
    assert agent is not None
    assert agent.name == name


def test_an_unknown_word_finds_nothing() -> None:
    assert agent_named("emacs") is None
    assert agent_named("") is None


@pytest.mark.parametrize("agent", [*AGENTS, EVERYTHING], ids=lambda agent: agent.title)
def test_an_entry_makes_sense(agent: object) -> None:
    assert isinstance(agent, type(EVERYTHING))
    assert agent.protocols <= PROTOCOLS
    assert agent.protocols
    assert not set(agent.unset) & set(agent.env)
    assert is_name(agent.name) or agent is EVERYTHING
    assert agent.redirected or agent.notes
    # A token among the arguments would show in the list of processes.
    assert not any("$TOKEN" in argument for argument in agent.args)


def test_the_anthropic_base_url_ends_in_v1_for_opencode_alone() -> None:
    ending = {
        agent.name
        for agent in AGENTS
        if agent.env.get("ANTHROPIC_BASE_URL", "").endswith("$V1")
    }
    assert ending == {"opencode"}
