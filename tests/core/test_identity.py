"""Who a request belongs to: token before URL before header before the agent's word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faregate.core.facts import SessionHints
from faregate.core.identity import (
    Claim,
    Grant,
    Identity,
    Mismatch,
    clean_name,
    identify,
    is_name,
    merge_labels,
)
from faregate.core.labels import Labels
from faregate.core.money import Money

NOBODY = Claim()


def who(
    *,
    grant: Grant | None = None,
    url: Claim = NOBODY,
    headers: Claim = NOBODY,
    hints: SessionHints | None = None,
    opening: str = "0123456789ab",
) -> Identity:
    found = identify(
        grant=grant,
        url=url,
        headers=headers,
        hints=hints or SessionHints(),
        opening=opening,
    )
    assert isinstance(found, Identity)
    return found


def test_a_session_token_outranks_everything_and_carries_its_budget() -> None:
    grant = Grant(session="run-1", max_cost=Money.usd(2))
    found = who(grant=grant, hints=SessionHints(session="agents-own", agent="codex"))
    assert (found.session, found.root_session, found.source) == (
        "run-1",
        "run-1",
        "token",
    )
    assert found.max_cost == Money.usd(2)
    assert found.labels.agent == "codex"


@pytest.mark.parametrize("place", ["url", "headers"])
def test_a_claim_that_disagrees_with_the_token_is_a_mismatch(place: str) -> None:
    claims = {"url": NOBODY, "headers": NOBODY, place: Claim(session="other")}
    found = identify(
        grant=Grant(session="run-1"), hints=SessionHints(), opening="", **claims
    )
    assert found == Mismatch(claimed="other", granted="run-1")


def test_a_claim_that_agrees_with_the_token_is_fine() -> None:
    found = who(grant=Grant(session="run-1"), url=Claim(session="run-1"))
    assert found.session == "run-1"


def test_url_before_header_before_agent_before_fingerprint() -> None:
    hints = SessionHints(session="own", agent="codex")
    header = Claim(session="header")
    assert who(url=Claim(session="url"), headers=header, hints=hints).source == "url"
    assert who(headers=header, hints=hints).session == "header"
    assert who(hints=hints).session == "own"
    found = who(hints=SessionHints(agent="codex"))
    assert (found.session, found.source) == ("codex-01234567", "fingerprint")
    assert who(opening="").session == "agent-unknown"


def test_a_sub_agent_counts_with_its_session() -> None:
    found = who(hints=SessionHints(session="own", subagent="helper"))
    assert found.session == "own/helper"
    assert (found.parent, found.root_session) == ("own", "own")


def test_a_sub_agent_with_a_session_of_its_own_counts_with_its_parent() -> None:
    hints = SessionHints(session="child", parent="top")
    found = who(hints=hints)
    assert (found.session, found.parent, found.root_session) == ("child", "top", "top")
    owned = who(grant=Grant(session="run-1"), hints=hints)
    assert (owned.session, owned.root_session) == ("run-1/child", "run-1")


def test_labels_of_the_first_layer_that_has_them_win() -> None:
    found = who(
        grant=Grant(labels=Labels(workspace="granted")),
        url=Claim(labels=Labels(workspace="url", agent="url")),
        headers=Claim(labels=Labels(agent="header", task="header")),
        hints=SessionHints(agent="said", workspace="a folder"),
    )
    assert found.labels == Labels(workspace="granted", agent="url", task="header")


def test_an_agents_own_id_is_made_fit_for_a_name() -> None:
    found = who(hints=SessionHints(session="line\nbreak"))
    assert found.session == clean_name("line\nbreak")
    assert is_name(found.session)


@given(st.text())
def test_any_text_becomes_a_stable_valid_name(text: str) -> None:
    name = clean_name(text)
    assert is_name(name)
    assert clean_name(name) == name
    assert clean_name(text) == name


@pytest.mark.parametrize("text", ["", "a/b", " a", "-a", "ä", "a" * 129, "a\n", "../x"])
def test_what_is_no_name(text: str) -> None:
    assert not is_name(text)


def test_no_layers_are_no_labels() -> None:
    assert merge_labels() == Labels()
