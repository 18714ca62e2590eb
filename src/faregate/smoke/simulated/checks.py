"""What the provider refuses: bad credentials, bounds and windows a model has not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.simulated.ask import ApiError, Ask, BadAskError
from faregate.smoke.simulated.prompt_cache import PromptCache

if TYPE_CHECKING:
    from aiohttp import web

    from faregate.smoke.simulated.dialects.dialect import Dialect
    from faregate.smoke.simulated.settings import ModelLimits, SimulatorSettings


def credential(request: web.Request) -> str:
    """Return the key a request carries in any of the usual places."""
    bearer = request.headers.get("Authorization", "")
    return (
        request.headers.get("x-api-key")
        or request.headers.get("x-goog-api-key")
        or request.query.get("key")
        or bearer.removeprefix("Bearer ").strip()
    )


def check_limits(ask: Ask, dialect: Dialect, settings: SimulatorSettings) -> None:
    """Raise BadAskError when the request passes what its model accepts."""
    limits = settings.limits.get(ask.model)
    if limits is None:
        return
    _check_field(ask, dialect, limits)
    bound, most = ask.max_output, limits.max_output
    if bound is not None and most is not None and bound > most:
        raise BadAskError(_too_large(ask.model, dialect.name, bound, most))
    if limits.context is not None:
        _check_window(ask, dialect, limits.context)


def _check_field(ask: Ask, dialect: Dialect, limits: ModelLimits) -> None:
    wanted = limits.output_field
    if wanted is None or wanted not in dialect.bound_fields:
        return
    for name in dialect.bound_fields:
        if name != wanted and ask.body.get(name) is not None:
            message = (
                f"Unsupported parameter: '{name}' is not supported with this model. "
                f"Use '{wanted}' instead."
            )
            code = "unsupported_parameter"
            raise BadAskError(
                ApiError(status=400, message=message, code=code, param=name)
            )


def _too_large(model: str, dialect: str, bound: int, most: int) -> ApiError:
    if dialect == "messages":
        message = (
            f"max_tokens: {bound} > {most}, which is the maximum allowed number of "
            f"output tokens for {model}"
        )
        return ApiError(status=400, message=message)
    message = (
        f"max_tokens is too large: {bound}. This model supports at most {most} "
        f"completion tokens, whereas you provided {bound}."
    )
    return ApiError(
        status=400, message=message, code="invalid_value", param="max_tokens"
    )


def _check_window(ask: Ask, dialect: Dialect, window: int) -> None:
    segments = dialect.segments(ask.body)
    counts = PromptCache().count(ask.model, segments, marked_only=False, enabled=False)
    if counts.prompt <= window:
        return
    if dialect.name == "messages":
        message = f"prompt is too long: {counts.prompt} tokens > {window} maximum"
        raise BadAskError(ApiError(status=400, message=message))
    message = (
        f"This model's maximum context length is {window} tokens. However, your "
        f"messages resulted in {counts.prompt} tokens."
    )
    code = "context_length_exceeded"
    raise BadAskError(
        ApiError(status=400, message=message, code=code, param="messages")
    )
