"""The summary of a captured request, and its document."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from faregate.capture_shelf import CaptureShelf
from faregate.captures.folder import Folder, Keep
from faregate.cli.captured_parts import summary, whole
from faregate.config.paths import find_paths
from faregate.core.captured import CapturedReply, CapturedRequest
from faregate.server.capture_views import capture_view
from tests.captures.building import body, captured


def test_a_summary_tells_the_way() -> None:
    request = captured(size=1200, reply=CapturedReply(status=200), refusal="no")
    lines = list(summary(capture_view(request)))
    assert lines[1] == "POST /v1/chat/completions  1,200 bytes"
    assert lines[2].startswith("+0.003 s  try 1: POST http://127.0.0.1/v1")
    assert lines[3] == "+0.005 s  answered 200, 1,200 bytes"
    assert lines[4] == "the agent got: 200, as the provider answered"
    assert lines[5] == "refused: no"


@pytest.fixture
def shelf(tmp_path: Path) -> CaptureShelf:
    return CaptureShelf(find_paths({"FAREGATE_HOME": str(tmp_path)}))


def test_a_document_has_each_body_in_the_plainest_form(
    shelf: CaptureShelf, tmp_path: Path
) -> None:
    request: CapturedRequest = captured(
        body=body(b'{"a": 1}'), reply=CapturedReply(status=200, body=body(b"plain"))
    )
    attempt = replace(request.attempts[0], answer=body(b"\xff\x00"))
    path = find_paths({"FAREGATE_HOME": str(tmp_path)}).captures
    path.mkdir(parents=True)
    keep = Keep(size=1 << 20, age_s=1e12)
    folder = Folder(path, keep, now_s=lambda: 1.0, free=lambda _path: 1 << 40)
    folder.write(replace(request, attempts=(attempt,)))
    document = whole(shelf, shelf.read("req_1"))
    assert document["request_body"] == {"a": 1}
    assert document["reply_body"] == "plain"
    assert document["attempts"][0]["answer_body"] == {"base64": "/wA="}
