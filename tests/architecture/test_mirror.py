"""Each module with code has a test module where one looks for it.

`faregate/a/b/c.py` is tested by `tests/a/b/test_c.py` or `tests/a/b/test_c_*.py`, or,
for a package inside a package, with its neighbours by `tests/a/test_b.py`.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tests.architecture.tree import SOURCE, TESTS, dotted, modules

if TYPE_CHECKING:
    from pathlib import Path

# Only ever shortened: a module whose tests lie elsewhere, and where.
TESTED_ELSEWHERE: dict[str, str] = {
    "faregate": "the version is read by tests/architecture/test_packaging.py",
}


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
    folder = TESTS / place.parent
    if (folder / f"test_{place.stem}.py").exists():
        return True
    if any(folder.glob(f"test_{place.stem}_*.py")):
        return True
    package = place.parent
    return (
        len(package.parts) > 1
        and (TESTS / package.parent / f"test_{package.name}.py").exists()
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
