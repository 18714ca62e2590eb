from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.core.identity import Grant
from faregate.core.labels import Labels
from faregate.core.limits.limit import Limits
from faregate.core.money import Money
from faregate.core.refusal import Refusal, RefusalCode
from faregate.server.auth import (
    Caller,
    Tokens,
    caller_of,
    credentials,
    is_local,
    without_tokens,
)

SECRET = b"s" * 32
HEADERS = ("authorization", "x-api-key", "x-goog-api-key", "api-key")
RUN = Grant(
    session="codex-1a2b",
    labels=Labels(workspace="acme", agent="codex", task="fix"),
    max_cost=Money.usd("2.5"),
)


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(SECRET)


def sent(name: str, key: str) -> dict[str, str]:
    return {name: f"Bearer {key}" if name == "authorization" else key}


def code(outcome: object) -> RefusalCode:
    assert isinstance(outcome, Refusal)
    return outcome.code


NAMES = st.none() | st.text(st.characters(codec="ascii"), min_size=1, max_size=20)


@settings(max_examples=50)
@given(
    session=NAMES,
    workspace=NAMES,
    task=NAMES,
    pico=st.none() | st.integers(0, 10**18),
)
def test_a_token_gives_back_its_grant(
    session: str | None, workspace: str | None, task: str | None, pico: int | None
) -> None:
    grant = Grant(
        session=session,
        labels=Labels(workspace=workspace, task=task),
        max_cost=None if pico is None else Money(pico),
    )
    token = Tokens(SECRET).issue(grant)
    assert token.startswith("fg-")
    assert token.isascii()
    assert Tokens(SECRET).grant_of(token) == grant


def test_a_token_is_the_same_after_a_restart(tokens: Tokens) -> None:
    assert tokens.issue(RUN) == Tokens(SECRET).issue(RUN)
    assert tokens.issue(RUN) != tokens.issue(Grant())


def test_a_short_secret_is_refused() -> None:
    for secret in (b"", b"s" * 31):
        with pytest.raises(ValueError, match="shorter than 32"):
            Tokens(secret)


def test_a_token_of_another_secret_is_worthless(tokens: Tokens) -> None:
    assert tokens.grant_of(Tokens(b"x" * 32).issue(RUN)) is None


def test_every_changed_or_missing_character_spoils_a_token(tokens: Tokens) -> None:
    token = tokens.issue(RUN)
    for place in range(3, len(token)):
        other = "A" if token[place] != "A" else "B"
        assert tokens.grant_of(token[:place] + other + token[place + 1 :]) is None
        assert tokens.grant_of(token[:place] + token[place + 1 :]) is None
        assert tokens.grant_of(token[:place]) is None
    assert tokens.grant_of(token) == RUN


@pytest.mark.parametrize(
    "text",
    [
        "fg-",
        "fg-.",
        "fg-e30.",
        "fg-.e30",
        "fg-e30",
        "fg-e30.AAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "fg-é.é",
        "fg-' OR 1=1 --",
        "fg-" + "a" * 5000,
        "fg-\x00",
        "",
    ],
)
def test_what_is_no_token_grants_nothing(tokens: Tokens, text: str) -> None:
    assert tokens.grant_of(text) is None


def test_a_token_that_says_more_than_we_know_grants_nothing(tokens: Tokens) -> None:
    for said in (b'{"x":1}', b'{"l":{"colour":"red"}}', b"[]", b"{", b'{"s":1}'):
        payload = base64.urlsafe_b64encode(said).rstrip(b"=").decode()
        signed = f"fg-{payload}.{tokens._sign(payload)}"
        assert tokens.grant_of(signed) is None


def test_an_ended_session_is_refused(tokens: Tokens) -> None:
    token = tokens.issue(RUN)
    assert caller_of(sent("x-api-key", token), tokens) == Caller(grant=RUN)
    tokens.end("codex-1a2b")
    refused = caller_of(sent("x-api-key", token), tokens)
    assert code(refused) is RefusalCode.STOPPED
    # Others go on, those without a session too.
    other = tokens.issue(Grant(session="codex-2"))
    assert isinstance(caller_of(sent("x-api-key", other), tokens), Caller)
    plain = tokens.issue(Grant())
    assert isinstance(caller_of(sent("x-api-key", plain), tokens), Caller)


def test_a_session_that_an_earlier_process_ended_is_refused() -> None:
    asked: list[str] = []

    def was_ended(session: str) -> bool:
        asked.append(session)
        return session == "codex-1a2b"

    tokens = Tokens(SECRET, was_ended)
    token = tokens.issue(RUN)
    for _ in range(3):
        refused = caller_of(sent("x-api-key", token), tokens)
        assert code(refused) is RefusalCode.STOPPED
    assert asked == ["codex-1a2b"]
    assert isinstance(caller_of(sent("api-key", tokens.issue(Grant())), tokens), Caller)
    assert asked == ["codex-1a2b"]


def test_tokens_beyond_those_remembered_still_count() -> None:
    tokens = Tokens(SECRET)
    every = [Grant(session=f"run-{number}") for number in range(1100)]
    for grant in every + every[:3]:
        assert tokens.grant_of(tokens.issue(grant)) == grant
    assert len(tokens._known) <= 1024


@pytest.mark.parametrize("name", HEADERS)
def test_a_token_counts_in_each_header(tokens: Tokens, name: str) -> None:
    token = tokens.issue(RUN)
    assert caller_of(sent(name, token), tokens) == Caller(grant=RUN)
    assert caller_of({name: f"bEaReR  {token} "}, tokens) == Caller(grant=RUN)


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("other", HEADERS)
def test_a_foreign_key_beside_a_token_changes_nothing(
    tokens: Tokens, name: str, other: str
) -> None:
    if name == other:
        return
    headers = {**sent(other, "sk-foreign"), **sent(name, tokens.issue(RUN))}
    assert caller_of(headers, tokens) == Caller(grant=RUN)


def test_the_same_token_twice_is_one(tokens: Tokens) -> None:
    token = tokens.issue(RUN)
    headers = {**sent("authorization", token), **sent("x-api-key", token)}
    assert caller_of(headers, tokens) == Caller(grant=RUN)


def test_two_different_tokens_are_refused(tokens: Tokens) -> None:
    headers = {
        **sent("authorization", tokens.issue(RUN)),
        **sent("x-api-key", tokens.issue(Grant())),
    }
    assert code(caller_of(headers, tokens)) is RefusalCode.BAD_REQUEST


def test_an_invalid_token_beside_a_valid_one_is_refused(tokens: Tokens) -> None:
    for bad in ("fg-forged", "FG-forged", "fg-"):
        headers = {**sent("authorization", tokens.issue(RUN)), "x-api-key": bad}
        assert code(caller_of(headers, tokens)) is RefusalCode.UNAUTHORIZED


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize(
    "key",
    [
        "fg-forged",
        "FG-forged",
        "Fg-forged",
        "Bearer fg-forged",
        '"fg-forged"',
        "'fg-forged'",
        "fg-' OR 1=1 --",
        "fg-\u00e9",
    ],
)
def test_what_claims_to_be_a_token_is_never_a_foreign_key(
    tokens: Tokens, name: str, key: str
) -> None:
    for headers in ({name: key}, {name: f"Bearer {key}"}):
        assert code(caller_of(headers, tokens)) is RefusalCode.UNAUTHORIZED


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": 'Bearer ""'},
        {"authorization": "Basic dXNlcjpwYXNz"},
        {"authorization": "sk-no-scheme"},
        {"authorization": "Token sk-x"},
        {"authorization": "Bearer two words"},
        {"x-api-key": ""},
        {"x-api-key": " "},
        {"x-api-key": "k" * 8191},
        {"x-api-key": "cl\u00e9"},
        {"api-key": "a b"},
    ],
)
def test_no_credential_or_a_malformed_one(
    tokens: Tokens, headers: dict[str, str]
) -> None:
    refused = caller_of(headers, tokens)
    assert code(refused) is RefusalCode.UNAUTHORIZED
    assert isinstance(refused, Refusal)
    assert refused.message


@pytest.mark.parametrize(
    ("says", "command"),
    [
        ({"user-agent": "codex_cli_rs/0.50 (Linux)"}, '"$(faregate env codex)"'),
        ({"user-agent": "opencode/1.0"}, '"$(faregate env opencode)"'),
        ({"originator": "codex_exec"}, '"$(faregate env codex)"'),
        ({"user-agent": "curl/8.5"}, '"$(faregate env)"'),
        ({"user-agent": "$(reboot)/1"}, '"$(faregate env)"'),
        ({}, '"$(faregate env)"'),
    ],
)
def test_whoever_lacks_a_token_reads_what_its_agent_needs(
    tokens: Tokens, says: dict[str, str], command: str
) -> None:
    for key in ({}, {"x-api-key": ""}, {"x-api-key": "fg-forged"}):
        refused = caller_of({**says, **key}, tokens)
        assert isinstance(refused, Refusal)
        assert f"Run: eval {command} in the agent's shell" in refused.message
        known = "AGENT" not in refused.message
        assert known == ("env)" not in command)


def test_an_empty_header_beside_a_key_is_passed_over(tokens: Tokens) -> None:
    token = tokens.issue(RUN)
    headers = {"x-api-key": "", "authorization": f"Bearer {token}"}
    assert caller_of(headers, tokens) == Caller(grant=RUN)


def test_a_malformed_credential_beside_a_token_is_refused(tokens: Tokens) -> None:
    headers = {"x-api-key": tokens.issue(RUN), "authorization": "Basic x"}
    assert code(caller_of(headers, tokens)) is RefusalCode.UNAUTHORIZED


@pytest.mark.parametrize("name", HEADERS)
def test_a_caller_with_its_own_key(tokens: Tokens, name: str) -> None:
    caller = caller_of(sent(name, "sk-own"), tokens)
    assert caller == Caller(grant=None, subscription=False)
    caller = caller_of(sent(name, "sk-ant-oat01-x"), tokens)
    assert caller == Caller(grant=None, subscription=True)


def test_a_flat_rate_login_beside_a_key_that_is_billed_is_none(tokens: Tokens) -> None:
    headers = {"authorization": "Bearer sk-own", "x-api-key": "sk-ant-oat01-x"}
    assert caller_of(headers, tokens) == Caller(grant=None, subscription=False)
    headers = {"authorization": "Bearer sk-ant-oat01-x", "x-api-key": "sk-ant-oat01-x"}
    assert caller_of(headers, tokens) == Caller(grant=None, subscription=True)


def test_a_long_login_is_a_key(tokens: Tokens) -> None:
    login = "eyJ" + "a" * 4000
    assert credentials({"authorization": f"Bearer {login}"}) == [login]


def test_a_key_may_contain_the_prefix_elsewhere(tokens: Tokens) -> None:
    assert not is_local("sk-abcfg-1")
    assert is_local("fg-")
    assert isinstance(caller_of(sent("api-key", "sk-abcfg-1"), tokens), Caller)


def test_tokens_in_other_headers_are_left_out(tokens: Tokens) -> None:
    token = tokens.issue(Grant())
    headers = {
        "x-api-key": token,
        "x-custom": token,
        "x-proxy-auth": f"Bearer {token}",
        "x-note": f"key={token}; more",
        "user-agent": "cfg-tool/1.0",
        "x-title": "fg-fans",
    }
    assert without_tokens(headers).keys() == {"x-api-key", "user-agent", "x-title"}


def test_limits_travel_in_the_token() -> None:
    limits = Limits(
        requests=5, wall_clock=20.5, retries=0, spend_per_minute=Money.usd("0.25")
    )
    grant = Grant(session="s", limits=limits, key="key-1")
    assert Tokens(SECRET).grant_of(Tokens(SECRET).issue(grant)) == grant
    assert Tokens(SECRET).grant_of(Tokens(SECRET).issue(Grant(session="s"))) == Grant(
        session="s"
    )
