"""Each module with code has a test module where one looks for it.

`faregate/a/b/c.py` is tested by `tests/a/b/test_c.py` or `tests/a/b/test_c_*.py`, or,
with its neighbours in a package inside a package, by `tests/a/test_b.py`.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tests.architecture.tree import SOURCE, TESTS, dotted, modules

if TYPE_CHECKING:
    from pathlib import Path

# Only ever shortened: a module whose tests lie elsewhere, and where.
TESTED_ELSEWHERE: dict[str, str] = {}


def has_code(path: Path) -> bool:
    """Whether a module defines a function or method; data and re-exports do not."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not is_declaration(node)
        for node in ast.walk(tree)
    )


def is_declaration(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a body is a docstring or `...` alone, as in a Protocol."""
    return all(
        isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)
        for line in node.body
    )


def has_tests(path: Path) -> bool:
    place = path.relative_to(SOURCE)
    if place.name == "__init__.py":
        place = place.parent.parent / f"{path.parent.name}.py"
    # The packages inside top-level packages that hold the module, nearest first.
    packages = [parent for parent in place.parents if len(parent.parts) > 1]
    return any(is_tested(TESTS / subject) for subject in (place, *packages))


def is_tested(subject: Path) -> bool:
    """Whether the folder of `subject` has a test module named after it."""
    return (subject.parent / f"test_{subject.stem}.py").exists() or any(
        subject.parent.glob(f"test_{subject.stem}_*.py")
    )


def test_each_module_with_code_has_its_test_module() -> None:
    missing = {
        dotted(path) for path in modules() if has_code(path) and not has_tests(path)
    }
    assert missing - TESTED_ELSEWHERE.keys() == set()


def test_no_exception_outlives_its_reason() -> None:
    needed = {
        dotted(path) for path in modules() if has_code(path) and not has_tests(path)
    }
    assert TESTED_ELSEWHERE.keys() - needed == set()
