from __future__ import annotations

import json
import shlex

import pytest

from faregate.tui.curl import curl_line
from tests.control import scenes
from tests.tui.cost_scene import request

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
