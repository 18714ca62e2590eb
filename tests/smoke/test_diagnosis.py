"""What each provider's refusals mean, by the bodies that they document."""

from __future__ import annotations

import json

import pytest

from faregate.providers.registry import PROVIDERS, by_name
from faregate.providers.spec import ErrorClass, ErrorRule, ProviderSpec
from faregate.smoke.causes import Cause
from faregate.smoke.diagnosis import bound_elsewhere, diagnose
from tests.smoke.refusals import CASES, error

PLAIN = ProviderSpec(name="plain", title="Plain", base_urls={}, key_env=("PLAIN_KEY",))


def spec(name: str) -> ProviderSpec:
    found = by_name(name)
    assert found is not None
    return found


@pytest.mark.parametrize(("name", "status", "body", "error_class", "cause"), CASES)
def test_a_documented_body_is_understood(
    name: str, status: int, body: object, error_class: ErrorClass, cause: Cause
) -> None:
    found = diagnose(spec(name), status, json.dumps(body).encode(), model="nope")
    assert found is not None
    assert (found.error_class, found.cause) == (error_class, cause)
    assert name in found.sentence
    assert found.fix


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize(
    "body",
    [
        b'{"choices": [], "message": "hello", "code": 1}',
        b'{"data": []}',
        b"<html>hello</html>",
        b"",
    ],
)
def test_an_answer_without_an_error_has_no_diagnosis(status: int, body: bytes) -> None:
    assert diagnose(PLAIN, status, body) is None


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (302, Cause.REDIRECTED),
        (400, Cause.BAD_REQUEST),
        (401, Cause.KEY_REJECTED),
        (402, Cause.WALLET_EMPTY),
        (403, Cause.NO_PERMISSION),
        (404, Cause.PATH_UNKNOWN),
        (405, Cause.PATH_UNKNOWN),
        (413, Cause.CONTEXT),
        (418, Cause.BAD_REQUEST),
        (429, Cause.RATE_LIMITED),
        (500, Cause.BROKEN),
        (503, Cause.OVERLOADED),
    ],
)
def test_a_body_without_words_leaves_the_status_to_speak(
    status: int, cause: Cause
) -> None:
    found = diagnose(PLAIN, status, b"<html>no</html>")
    assert found is not None
    assert found.cause is cause


def test_the_first_rule_that_matches_counts_and_all_of_it_must_match() -> None:
    rules = (
        ErrorRule(error_class=ErrorClass.OVERLOADED, status=400, code="x", text="Busy"),
        ErrorRule(error_class=ErrorClass.CONTENT_FILTER, status=400, code="x"),
        ErrorRule(error_class=ErrorClass.UPSTREAM, status=400),
    )
    ruled = ProviderSpec(name="ruled", title="", base_urls={}, error_rules=rules)

    def of(status: int, **fields: str) -> ErrorClass | None:
        found = diagnose(ruled, status, json.dumps({"error": fields}).encode())
        return None if found is None else found.error_class

    assert of(400, message="too BUSY now", code="x") is ErrorClass.OVERLOADED
    assert of(400, message="calm", code="x") is ErrorClass.CONTENT_FILTER
    assert of(400, message="calm", code="y") is ErrorClass.UPSTREAM
    assert of(401, message="calm", code="x") is ErrorClass.AUTH


@pytest.mark.parametrize("one", PROVIDERS, ids=lambda one: str(one.name))
def test_every_rule_of_the_catalogue_can_match(one: ProviderSpec) -> None:
    for number, rule in enumerate(one.error_rules):
        body = error(rule.text or "words", code=rule.code or "")
        found = diagnose(one, rule.status or 400, json.dumps(body).encode())
        assert found is not None
        reached = {r.error_class for r in one.error_rules[: number + 1]}
        assert found.error_class in reached, rule


def test_a_retired_model_names_its_successor() -> None:
    body = json.dumps(error("Model Not Exist", code="invalid_request_error")).encode()
    found = diagnose(spec("deepseek"), 400, body, model="deepseek-chat")
    assert found is not None
    assert found.cause is Cause.MODEL_RETIRED
    assert found.error_class is ErrorClass.MODEL_UNKNOWN
    assert "deepseek-flash" in found.sentence
    assert "deepseek/deepseek-flash" in found.fix


def test_a_rejected_key_is_no_retired_model() -> None:
    found = diagnose(spec("deepseek"), 401, b"{}", model="deepseek-chat")
    assert found is not None
    assert found.cause is Cause.KEY_REJECTED


def test_the_key_is_never_shown() -> None:
    key = "very-secret-0123456789"
    body = json.dumps(error(f"Bad key {key} or sk-live-abcdefghij", code=key)).encode()
    found = diagnose(PLAIN, 401, body, secret=key)
    assert found is not None
    shown = f"{found!r}"
    assert key not in shown
    assert "sk-live" not in shown


def test_a_request_without_a_key_is_told_apart() -> None:
    found = diagnose(PLAIN, 401, b"{}", keyless=True)
    assert found is not None
    assert found.cause is Cause.KEY_MISSING
    assert "PLAIN_KEY" in found.fix


def test_a_key_of_another_region_names_the_setting() -> None:
    found = bound_elsewhere(spec("dashscope"), here="intl", there="cn")
    assert found.cause is Cause.KEY_ELSEWHERE
    assert 'region = "cn"' in found.fix
    assert "[providers.dashscope]" in found.fix


@pytest.mark.parametrize(
    "body",
    [b"[]", b"[[1]]", b'{"error": null}', b'{"error": [1]}', b"\xff\xfe", b"{" * 3000],
)
def test_odd_bodies_are_no_trouble(body: bytes) -> None:
    found = diagnose(PLAIN, 400, body)
    assert found is not None
    assert found.cause is Cause.BAD_REQUEST
