"""The simulated provider shares no arithmetic and no wire code with the gate."""

from __future__ import annotations

import ast
from pathlib import Path

import faregate.smoke.simulated

OWN = "faregate.smoke.simulated"
ALLOWED = {"faregate.core.money"}


def test_it_imports_nothing_of_the_gate_but_money() -> None:
    (folder,) = faregate.smoke.simulated.__path__
    files = sorted(Path(folder).rglob("*.py"))
    assert len(files) > 20
    imported = {
        node.module
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module
    }
    ours = {name for name in imported if name.startswith("faregate")}
    assert {name for name in ours if not name.startswith(OWN)} == ALLOWED
