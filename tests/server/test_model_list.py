from __future__ import annotations

import json
from typing import Any

import pytest

from faregate.core.refusal import Refusal, RefusalCode
from faregate.server.answer import Answer
from faregate.server.model_list import ListedModel, ModelList

MODELS = ModelList(
    [
        ListedModel(name="fast", provider="house"),
        ListedModel(name="ollama/llama3:8b", provider="ollama"),
    ]
)
NAMES = ["fast", "ollama/llama3:8b"]


def answered(models: ModelList, path: str, **headers: str) -> Any:
    answer = models.answer(path, {k.replace("_", "-"): v for k, v in headers.items()})
    assert isinstance(answer, Answer)
    assert answer.headers["content-type"] == "application/json"
    assert isinstance(answer.body, bytes)
    return json.loads(answer.body)


def test_one_list_serves_the_sdks_of_two_vendors() -> None:
    told = answered(MODELS, "/v1/models")
    assert [model["id"] for model in told["data"]] == NAMES
    for model in told["data"]:
        assert model["object"] == model["type"] == "model"
        assert isinstance(model["created"], int)
        assert model["created_at"].endswith("Z")
        assert model["display_name"] == model["id"]
        assert model["owned_by"]
    assert (told["object"], told["has_more"]) == ("list", False)
    assert (told["first_id"], told["last_id"]) == (NAMES[0], NAMES[-1])


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/v1beta/models", {}), ("/v1/models", {"x_goog_api_key": "fg-x"})],
)
def test_googles_clients_get_their_own_form(path: str, headers: dict[str, str]) -> None:
    told = answered(MODELS, path, **headers)
    assert [model["name"] for model in told["models"]] == [f"models/{n}" for n in NAMES]
    assert "generateContent" in told["models"][0]["supportedGenerationMethods"]


@pytest.mark.parametrize("name", NAMES)
def test_one_model_by_its_name(name: str) -> None:
    assert answered(MODELS, f"/v1/models/{name}")["id"] == name
    assert answered(MODELS, f"/v1beta/models/{name}")["name"] == f"models/{name}"


def test_a_model_that_is_not_listed() -> None:
    for path in ("/v1/models/other", "/v1beta/models/other", "/v1/models/fas"):
        answer = MODELS.answer(path, {})
        assert isinstance(answer, Refusal)
        assert answer.code is RefusalCode.MODEL_NOT_FOUND
        assert len(answer.message) < 300


def test_an_empty_list_is_a_list() -> None:
    told = answered(ModelList([]), "/v1/models")
    assert told["data"] == []
    assert told["first_id"] is None
    assert answered(ModelList([]), "/v1beta/models") == {"models": []}
