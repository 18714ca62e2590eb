"""What tools say when things go wrong, and what they say otherwise."""

from __future__ import annotations

import pytest

from faregate.core.tool_trouble import READ, bad_in_a_row, is_bad
from faregate.core.transcript import Said, ToolCall, ToolResult


def result(text: str, *, error: bool = False) -> ToolResult:
    return ToolResult(call_id="c", text=text, is_error=error)


BAD = result("1 failed")
GOOD = result("ok")
CALL = ToolCall(id="c", name="run", arguments="{}")


@pytest.mark.parametrize(
    "text",
    [
        "=== 2 failed, 14 passed in 3.1s ===",
        "FAILED tests/test_a.py::test_b - AssertionError",
        "Tests:       1 failed, 5 passed, 6 total",
        "test result: FAILED. 3 passed; 1 failed; 0 ignored",
        "FAILED (failures=1)",
        "--- FAIL: TestThing (0.00s)",
        'Traceback (most recent call last):\n  File "a.py", line 1',
        "error[E0308]: mismatched types",
        "src/a.ts(3,1): error TS2304: Cannot find name",
        "thread 'main' panicked at src/main.rs:2",
        "npm ERR! code ELIFECYCLE",
        "BUILD FAILED in 3s",
        "Exit code: 2",
        "Process exited with code 1",
    ],
)
def test_trouble(text: str) -> None:
    assert is_bad(result(text))
    assert is_bad(result("x" * 2 * READ + "\n" + text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=== 16 passed in 3.1s ===",
        "0 failed, 5 passed",
        "Tests:       0 failed, 6 total",
        "failures=0",
        "exit code 0",
        "def on_error(self): raise ValueError",
        "The word failed alone is no figure",
        "src/error.rs\nsrc/failed.txt",
    ],
)
def test_no_trouble(text: str) -> None:
    assert not is_bad(result(text))


def test_an_agent_that_marks_an_error_is_believed() -> None:
    assert is_bad(result("no such file", error=True))


@pytest.mark.parametrize(
    ("items", "count"),
    [
        ((), 0),
        ((BAD,), 1),
        ((BAD, CALL, BAD), 2),
        ((BAD, GOOD), 0),
        ((GOOD, BAD), 1),
        ((BAD, Said(role="assistant", text="hm"), CALL, BAD), 2),
        ((BAD, BAD, Said(role="user", text="now this")), 0),
        ((BAD, Said(role="user", text="go on"), BAD), 1),
    ],
)
def test_the_latest_in_a_row_count(items: tuple[object, ...], count: int) -> None:
    assert bad_in_a_row(items) == count  # type: ignore[arg-type]
