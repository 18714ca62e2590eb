"""What each provider's refusals mean, by the bodies that they document."""

from __future__ import annotations

import json

import pytest

from faregate.providers.registry import PROVIDERS, by_name
from faregate.providers.spec import ErrorClass, ErrorRule, ProviderSpec
from faregate.smoke.causes import Cause
from faregate.smoke.diagnosis import bound_elsewhere, diagnose

PLAIN = ProviderSpec(name="plain", title="Plain", base_urls={}, key_env=("PLAIN_KEY",))


def spec(name: str) -> ProviderSpec:
    found = by_name(name)
    assert found is not None
    return found


def error(message: str, **more: object) -> dict[str, object]:
    return {"error": {"message": message, **more}}


CASES: list[tuple[str, int, object, ErrorClass, Cause]] = [
    (
        "openai",
        401,
        error("Incorrect API key provided: sk-a***b.", code="invalid_api_key"),
        ErrorClass.AUTH,
        Cause.KEY_REJECTED,
    ),
    (
        "openai",
        429,
        error("You exceeded your current quota", type="insufficient_quota"),
        ErrorClass.QUOTA_EXHAUSTED,
        Cause.WALLET_EMPTY,
    ),
    (
        "openai",
        429,
        error("Rate limit reached for gpt-5", code="rate_limit_exceeded"),
        ErrorClass.RATE_LIMITED,
        Cause.RATE_LIMITED,
    ),
    (
        "openai",
        403,
        error(
            "Country, region, or territory not supported",
            code="unsupported_country_region_territory",
        ),
        ErrorClass.PERMISSION,
        Cause.COUNTRY,
    ),
    (
        "openai",
        404,
        error("The model `nope` does not exist", code="model_not_found"),
        ErrorClass.MODEL_UNKNOWN,
        Cause.MODEL_UNKNOWN,
    ),
    (
        "openai",
        400,
        error("This model's maximum context length is 8192", code=None),
        ErrorClass.CONTEXT_OVERFLOW,
        Cause.CONTEXT,
    ),
    (
        "anthropic",
        529,
        {"type": "error", "error": {"type": "overloaded_error", "message": "Busy"}},
        ErrorClass.OVERLOADED,
        Cause.OVERLOADED,
    ),
    (
        "anthropic",
        400,
        {
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": "Your credit balance is too low to access the API",
            },
        },
        ErrorClass.QUOTA_EXHAUSTED,
        Cause.WALLET_EMPTY,
    ),
    (
        "anthropic",
        401,
        {
            "type": "error",
            "error": {"type": "authentication_error", "message": "invalid x-api-key"},
        },
        ErrorClass.AUTH,
        Cause.KEY_REJECTED,
    ),
    (
        "gemini",
        400,
        [
            error(
                "User location is not supported for the API use.",
                code=400,
                status="FAILED_PRECONDITION",
            )
        ],
        ErrorClass.PERMISSION,
        Cause.COUNTRY,
    ),
    (
        "gemini",
        400,
        error(
            "API key not valid. Please pass a valid API key.",
            code=400,
            status="INVALID_ARGUMENT",
            details=[{"reason": "API_KEY_INVALID"}],
        ),
        ErrorClass.AUTH,
        Cause.KEY_REJECTED,
    ),
    (
        "deepseek",
        402,
        error("Insufficient Balance", code="invalid_request_error"),
        ErrorClass.QUOTA_EXHAUSTED,
        Cause.WALLET_EMPTY,
    ),
    (
        "moonshot",
        403,
        error("Your account balance is used up", type="permission_error"),
        ErrorClass.QUOTA_EXHAUSTED,
        Cause.WALLET_EMPTY,
    ),
    (
        "moonshot",
        429,
        error(
            "You are out", type="exceeded_current_quota_error", code="some_other_code"
        ),
        ErrorClass.QUOTA_EXHAUSTED,
        Cause.WALLET_EMPTY,
    ),
    (
        "zai",
        429,
        error("余额不足", code="1113"),
        ErrorClass.QUOTA_EXHAUSTED,
        Cause.WALLET_EMPTY,
    ),
    (
        "zai",
        429,
        error("Too many requests at once", code="1302"),
        ErrorClass.RATE_LIMITED,
        Cause.RATE_LIMITED,
    ),
    (
        "minimax",
        200,
        {"base_resp": {"status_code": 1004, "status_msg": "login fail"}},
        ErrorClass.AUTH,
        Cause.KEY_REJECTED,
    ),
    (
        "minimax",
        200,
        {"base_resp": {"status_code": 1008, "status_msg": "no funds"}},
        ErrorClass.QUOTA_EXHAUSTED,
        Cause.WALLET_EMPTY,
    ),
    (
        "novita",
        403,
        {"code": 403, "reason": "INVALID_API_KEY", "message": "bad key"},
        ErrorClass.AUTH,
        Cause.KEY_REJECTED,
    ),
    (
        "openrouter",
        402,
        error("in_flight_budget: too much under way", code=402),
        ErrorClass.RATE_LIMITED,
        Cause.RATE_LIMITED,
    ),
    (
        "openrouter",
        402,
        error("Insufficient credits", code=402),
        ErrorClass.QUOTA_EXHAUSTED,
        Cause.WALLET_EMPTY,
    ),
    (
        "openrouter",
        200,
        error("Provider returned error", code=502),
        ErrorClass.UPSTREAM,
        Cause.BROKEN,
    ),
    (
        "openrouter",
        200,
        error("No funds", code=402),
        ErrorClass.QUOTA_EXHAUSTED,
        Cause.WALLET_EMPTY,
    ),
    (
        "mistral",
        404,
        {"object": "error", "message": "Nothing here", "code": "unknown_model"},
        ErrorClass.MODEL_UNKNOWN,
        Cause.MODEL_UNKNOWN,
    ),
    (
        "deepinfra",
        404,
        {"detail": "Model nope not found"},
        ErrorClass.MODEL_UNKNOWN,
        Cause.MODEL_UNKNOWN,
    ),
    (
        "fireworks",
        503,
        {"fault": {"faultstring": "busy", "detail": {"errorcode": "overload"}}},
        ErrorClass.OVERLOADED,
        Cause.OVERLOADED,
    ),
    (
        "together",
        403,
        error("inputs plus max_tokens must be under 8193"),
        ErrorClass.CONTEXT_OVERFLOW,
        Cause.CONTEXT,
    ),
    (
        "dashscope",
        429,
        {"code": "Throttling", "message": "Request rate increased too quickly"},
        ErrorClass.RATE_LIMITED,
        Cause.RATE_LIMITED,
    ),
    (
        "dashscope",
        400,
        error("Access denied, account is in arrears", code="Arrearage"),
        ErrorClass.QUOTA_EXHAUSTED,
        Cause.WALLET_EMPTY,
    ),
    (
        "kimi-coding",
        403,
        error("Kimi For Coding is only available for coding agents"),
        ErrorClass.PERMISSION,
        Cause.NO_PERMISSION,
    ),
    (
        "ollama",
        404,
        {"error": "model 'nope' not found"},
        ErrorClass.MODEL_UNKNOWN,
        Cause.MODEL_UNKNOWN,
    ),
    (
        "xai",
        400,
        {"code": "Client specified an invalid argument", "error": "Incorrect API key"},
        ErrorClass.AUTH,
        Cause.KEY_REJECTED,
    ),
]


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
