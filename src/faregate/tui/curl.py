"""A request as a curl line: its shape, with the key as a variable."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from faregate.control.cost_log import RequestView
    from faregate.control.models import Setup

_SAY = "Say hello."
_MOST = 64


def curl_line(setup: Setup, asked: RequestView) -> str:
    """Return a command that asks the same model through the gate.

    What the agent said is not kept, so a short question stands in its place.
    """
    model = asked.asked or asked.model or "MODEL"
    spoken = [{"role": "user", "content": _SAY}]
    body: dict[str, object] = {"model": model, "max_tokens": _MOST, "messages": spoken}
    url, key = f"{setup.openai_base_url}/chat/completions", _bearer("OPENAI_API_KEY")
    match asked.protocol:
        case "anthropic_messages":
            url = f"{setup.anthropic_base_url}/v1/messages"
            key = '-H "x-api-key: $ANTHROPIC_API_KEY"'
        case "openai_responses":
            url = f"{setup.openai_base_url}/responses"
            body = {"model": model, "max_output_tokens": _MOST, "input": _SAY}
        case "gemini":
            url = f"{setup.gemini_base_url}/v1beta/models/{model}:generateContent"
            key = '-H "x-goog-api-key: $GEMINI_API_KEY"'
            body = {"contents": [{"role": "user", "parts": [{"text": _SAY}]}]}
        case _:
            pass
    sent = shlex.quote(json.dumps(body, ensure_ascii=True))
    kind = "-H 'content-type: application/json'"
    return f"curl -sS {shlex.quote(url)} {key} {kind} -d {sent}"


def _bearer(variable: str) -> str:
    return f'-H "authorization: Bearer ${variable}"'
