"""Printing: aligned, sanitised, JSON on one document."""

from __future__ import annotations

import json

import pytest

from faregate.cli import output


def test_columns_line_up() -> None:
    rows = [("a", "1", "x"), ("bbb", "22", "")]
    assert output.table(("N", "COUNT", "Z"), rows, align="<><") == [
        "N    COUNT  Z",
        "a        1  x",
        "bbb     22",
    ]


def test_a_long_cell_is_cut() -> None:
    (_, line) = output.table(("N",), [("x" * 500,)])
    assert len(line) == 60


def test_a_failure_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    output.failure("config", 'a "quoted"\nline')
    assert json.loads(capsys.readouterr().out) == {
        "error": {"code": "config", "message": 'a "quoted"\nline'}
    }


def test_diagnostics_never_reach_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    output.note("a")
    output.warn("b")
    output.error("c\nd")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "a",
        "faregate: warning: b",
        "faregate: c",
        "faregate: d",
    ]


def test_a_terminal_gets_no_control_characters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output.error("a\x1b]52;c;x\x07b\nsecond")
    output.warn("\x1b[2Jx")
    captured = capsys.readouterr().err
    assert "\x1b" not in captured
    assert "\x07" not in captured
    assert captured.count("\n") == 3
    lines = output.table(("A", "B"), [("x\x1b[31m", "1"), ("y", "22")], align="<>")
    assert "\x1b" not in "".join(lines)
