from __future__ import annotations

from faregate.tui.agents import KNOWN, installed


def test_only_what_is_on_the_path_is_named_in_order_of_use() -> None:
    here = {"codex": "/usr/bin/codex", "claude": "/usr/bin/claude", "vim": "/bin/vim"}
    assert installed(here.get) == ("claude", "codex")
    assert installed(lambda _: None) == ()
    assert installed(lambda command: command) == KNOWN
