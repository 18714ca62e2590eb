from __future__ import annotations

import pytest

from faregate.tui.filtering import parse_filter
from tests.control.scenes import busy

SESSIONS = busy().status.sessions


@pytest.mark.parametrize(
    ("text", "tasks"),
    [
        ("", ["main", "tf-import", "feat-pay", "rewrite", None]),
        ("workspace:infra", ["tf-import"]),
        ("workspace:inf", []),
        ("INFRA", ["tf-import"]),
        ("agent:codex", ["feat-pay"]),
        ("task:rewrite", ["rewrite"]),
        ("state:idle", [None]),
        ("model:opus", ["main", "tf-import"]),
        ("cost>3.10", ["main", "tf-import", "feat-pay"]),
        ("cost>3.11", ["main", "tf-import"]),
        ("cost<$1", [None]),
        ("!opus", ["feat-pay", "rewrite", None]),
        ("!state:idle cost<4", ["feat-pay", "rewrite"]),
        ("cost>abc", []),
        ("colour:red", []),
        ("!", []),
        ("e5c7", [None]),
    ],
)
def test_words(text: str, tasks: list[str | None]) -> None:
    wanted = parse_filter(text)
    assert [each.task for each in SESSIONS if wanted.lets(each)] == tasks
    assert bool(wanted) == bool(text.strip())
    assert wanted.text == text
