"""A dry run plans as the gate does, and asks nobody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.protocols.codec import BadRequestError
from faregate.route_preview import PATHS, RoutePreview

CONFIG = """
[providers.here]
kind = "openai"
base_url = "http://127.0.0.1:9/v1"
billing = "free"
[routes.r]
models = ["m", "auto"]
targets = ["here/a", "here/b"]
"""
CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def preview(tmp_path: Path) -> RoutePreview:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "config.toml").write_text(CONFIG)
    settings = load(find_paths({"FAREGATE_HOME": str(home)}))
    return RoutePreview(settings, ())


def body(**more: object) -> bytes:
    return json.dumps({**CHAT, **more}).encode()


def test_a_route_is_planned_in_its_order(preview: RoutePreview) -> None:
    found = preview.of(body(), "chat", model="", session="s")
    assert (found.route, found.why, found.complex_by) == ("r", "ordered", None)
    assert [str(each.target) for each in found.candidates] == ["here/a", "here/b"]
    assert all(each.refusal is None for each in found.candidates)
    assert all(not each.hold for each in found.candidates)


def test_a_named_target_is_its_own_route(preview: RoutePreview) -> None:
    found = preview.of(body(model="here/z"), "chat", model="", session="s")
    assert (found.route, found.why) == (None, "direct")
    assert [str(each.target) for each in found.candidates] == ["here/z"]


def test_an_unknown_model_goes_nowhere(preview: RoutePreview) -> None:
    assert preview.of(body(model="zz"), "chat", model="", session="s").candidates == ()


def test_geminis_model_is_given_beside_the_body(preview: RoutePreview) -> None:
    asked = json.dumps({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]})
    found = preview.of(asked.encode(), "gemini", model="m", session="s")
    assert found.model == "m"
    assert all(each.translated for each in found.candidates)


def test_a_bad_request_is_said_to_be_one(preview: RoutePreview) -> None:
    with pytest.raises(BadRequestError):
        preview.of(body(model=7), "chat", model="", session="s")


def test_every_dialect_has_its_path() -> None:
    assert set(PATHS) == {"chat", "responses", "messages", "gemini"}
