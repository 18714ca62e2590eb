"""Refusals as providers document them, and what each one means."""

from __future__ import annotations

from faregate.providers.spec import ErrorClass
from faregate.smoke.causes import Cause


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
