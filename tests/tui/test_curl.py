from __future__ import annotations

import json
import shlex

import pytest

from faregate.server.capture_views import capture_view
from faregate.tui.curl import LONGEST_BODY, captured_curl, curl_line
from tests.control import scenes
from tests.tui.captured_scene import captured
from tests.tui.cost_scene import request
from tests.tui.hostile import EVILS, foreign

PATHS = {
    "anthropic_messages": "http://127.0.0.1:4747/v1/messages",
    "openai_chat": "http://127.0.0.1:4747/v1/chat/completions",
    "openai_responses": "http://127.0.0.1:4747/v1/responses",
    "gemini": "http://127.0.0.1:4747/v1beta/models/m:generateContent",
}


@pytest.mark.parametrize("protocol", PATHS)
def test_each_protocol_has_its_path_and_no_key(protocol: str) -> None:
    told = curl_line(scenes.setup(), request("r", protocol=protocol, asked="m"))
    parts = shlex.split(told)
    assert parts[:2] == ["curl", "-sS"]
    assert parts[2] == PATHS[protocol]
    assert any("_API_KEY" in part and "$" in part for part in parts)
    assert json.loads(parts[parts.index("-d") + 1])


def test_a_models_name_cannot_leave_its_quotes() -> None:
    evil = "m'; rm -rf ~; echo '$(id)"
    parts = shlex.split(curl_line(scenes.setup(), request("r", asked=evil)))
    assert json.loads(parts[parts.index("-d") + 1])["model"] == evil
    assert "rm" not in parts


def test_a_captured_request_is_sent_as_it_was() -> None:
    view = capture_view(captured())
    evil = b'{"a": "it\'s $(id) `x`"}'
    told = captured_curl(scenes.setup(), view, evil)
    parts = shlex.split(told)
    assert parts[2] == "http://127.0.0.1:4747/w/infra/v1/messages?beta=true"
    assert parts[parts.index("--data-binary") + 1] == evil.decode()
    assert "anthropic-version: 2023-06-01" in parts
    assert "x-api-key: $ANTHROPIC_API_KEY" in parts
    # What was hidden is not sent as if it were a key.
    assert "[redacted]" not in told


@pytest.mark.parametrize("body", [None, b"x" * (LONGEST_BODY + 1), b"\xff", b"a\0b"])
def test_what_no_line_takes_comes_from_the_capture(body: bytes | None) -> None:
    told = captured_curl(scenes.setup(), capture_view(captured()), body)
    assert told.startswith("faregate capture show req-17 --part request | curl -sS ")
    assert told.endswith("--data-binary @-")


@pytest.mark.parametrize("evil", EVILS)
@pytest.mark.parametrize("protocol", PATHS)
def test_a_line_that_is_pasted_has_no_control_in_it(evil: str, protocol: str) -> None:
    asked = request("q", asked=evil, protocol=protocol)
    line = curl_line(scenes.setup(), asked)
    assert "\n" not in line
    assert foreign(line) == []
