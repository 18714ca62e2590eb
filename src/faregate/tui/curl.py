"""A request as a curl line, with the key as a variable.

With the body that was captured of it, else with its shape alone.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from faregate.control.calling import command
from faregate.control.sanitise import sanitise

if TYPE_CHECKING:
    from faregate.control.capture import CaptureView
    from faregate.control.cost_log import RequestView
    from faregate.control.models import Setup

_SAY = "Say hello."
_MOST = 64
LONGEST_BODY = 16 * 1024
"""Bytes of a body that a line takes; clipboards of terminals take little more."""
_PASSED = ("anthropic-version", "anthropic-beta", "openai-beta")


def curl_line(setup: Setup, asked: RequestView) -> str:
    """Return a command that asks the same model through the gate.

    What the agent said is not kept, so a short question stands in its place.
    """
    model = sanitise(asked.asked or asked.model or "MODEL")
    spoken = [{"role": "user", "content": _SAY}]
    body: dict[str, object] = {"model": model, "max_tokens": _MOST, "messages": spoken}
    url = f"{setup.openai_base_url}/chat/completions"
    match asked.protocol:
        case "anthropic_messages":
            url = f"{setup.anthropic_base_url}/v1/messages"
        case "openai_responses":
            url = f"{setup.openai_base_url}/responses"
            body = {"model": model, "max_output_tokens": _MOST, "input": _SAY}
        case "gemini":
            url = f"{setup.gemini_base_url}/v1beta/models/{model}:generateContent"
            body = {"contents": [{"role": "user", "parts": [{"text": _SAY}]}]}
        case _:
            pass
    sent = shlex.quote(json.dumps(body, ensure_ascii=True))
    kind = "-H 'content-type: application/json'"
    return f"curl -sS {shlex.quote(url)} {_key(asked.protocol)} {kind} -d {sent}"


def captured_curl(setup: Setup, view: CaptureView, body: bytes | None) -> str:
    """Return a command that sends the very request that was captured.

    A body that is None, too long or no text is taken from the capture itself.
    """
    # Its base address is the proxy's own; the path has all prefixes that were used.
    url, key = f"{setup.anthropic_base_url}{view.path}", _key(view.protocol)
    named = [f"{n}: {v}" for n, v in view.headers if n.lower() in _PASSED]
    headers = [
        f"-H {shlex.quote(each)}" for each in ("content-type: application/json", *named)
    ]
    line = " ".join([f"curl -sS {shlex.quote(url)}", key, *headers])
    text = _text(body)
    if text is None:
        whole = f"{command()} capture show {shlex.quote(view.request)} --part request"
        return f"{whole} | {line} --data-binary @-"
    return f"{line} --data-binary {shlex.quote(text)}"


def _text(body: bytes | None) -> str | None:
    if body is None or len(body) > LONGEST_BODY:
        return None
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _key(protocol: str) -> str:
    """Return the header with the key, a variable of the shell that runs the line."""
    match protocol:
        case "anthropic_messages":
            return '-H "x-api-key: $ANTHROPIC_API_KEY"'
        case "gemini":
            return '-H "x-goog-api-key: $GEMINI_API_KEY"'
        case _:
            return '-H "authorization: Bearer $OPENAI_API_KEY"'
