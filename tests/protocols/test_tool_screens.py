"""Every dialect in which an answer can call tools has its screen."""

from __future__ import annotations

from faregate.protocols.registry import CODECS
from faregate.protocols.tool_screens import screen_of
from tests.protocols.screens import Judge


def test_dialects_with_tools_are_screened() -> None:
    without = {c.name for c in CODECS if screen_of(c.name, Judge()) is None}
    assert without == {"openai_completions", "openai_embeddings"}
