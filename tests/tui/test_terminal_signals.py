from __future__ import annotations

from faregate.tui.terminal_signals import notice, set_title


def test_a_signal_carries_one_harmless_line() -> None:
    evil = "a\x07b\x1b]52;c;RVZJTA==\x07"
    for sequence, head in ((set_title(evil), "\x1b]0;"), (notice(evil), "\x1b]9;")):
        assert sequence.startswith(head)
        assert sequence.endswith("\x07")
        body = sequence[len(head) : -1]
        assert body.isprintable()
        assert ";" not in body


def test_a_long_text_is_cut() -> None:
    assert len(notice("x" * 5000)) < 140
