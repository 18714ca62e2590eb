"""The calls that generate nothing and cost nothing: models, counting, liveness."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.simulated.answer import CREATED, counted
from faregate.smoke.simulated.endpoints import Call, Endpoint

if TYPE_CHECKING:
    from faregate.smoke.simulated.ask import Json
    from faregate.smoke.simulated.seen import SeenRequest
    from faregate.smoke.simulated.settings import SimulatorSettings


def answer(
    endpoint: Endpoint, seen: SeenRequest, settings: SimulatorSettings
) -> tuple[int, Json]:
    """Return status and body of a call that is no generation."""
    match endpoint.call:
        case Call.ALIVE:
            return 200, {"status": "ok"}
        case Call.MODELS:
            return 200, _models(seen, settings.models)
        case Call.COUNT:
            tokens = counted(seen.body.decode("utf-8", "replace"))
            field = "totalTokens" if endpoint.model else "input_tokens"
            return 200, {field: tokens}
        case Call.SOCKET:
            return 426, _error("This endpoint speaks HTTP, not WebSocket.")
        case Call.UNKNOWN | Call.GENERATE:
            return 404, _error(f"Unknown request URL: {seen.method} {seen.path}.")


def _models(seen: SeenRequest, models: tuple[str, ...]) -> Json:
    if seen.path.startswith("/v1beta/"):
        return {"models": [{"name": f"models/{model}"} for model in models]}
    if "anthropic-version" in seen.headers:
        listed: list[Json] = [
            {
                "type": "model",
                "id": model,
                "display_name": model,
                "created_at": "2026-01-01T00:00:00Z",
            }
            for model in models
        ]
        return {
            "data": listed,
            "has_more": False,
            "first_id": models[0] if models else None,
            "last_id": models[-1] if models else None,
        }
    return {
        "object": "list",
        "data": [
            {
                "id": model,
                "object": "model",
                "created": CREATED,
                "owned_by": "simulator",
            }
            for model in models
        ],
    }


def _error(message: str) -> Json:
    return {
        "error": {
            "message": message,
            "type": "invalid_request_error",
            "param": None,
            "code": "unknown_url",
        }
    }
