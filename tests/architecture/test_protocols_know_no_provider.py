"""A codec knows a dialect; what one provider does differently is a declared flag."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from faregate.providers.registry import PROVIDERS
from tests.architecture.tree import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator

# These name dialects as well, so identifiers may hold them; "together" is a word.
NAMES_OF_MORE = {"openai", "anthropic", "gemini", "together"}


def docstrings(tree: ast.AST) -> set[int]:
    """The identities of the constants that are documentation."""
    return {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def names_in(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Each identifier's parts, with the line."""
    for node in ast.walk(tree):
        name = (
            getattr(node, "id", None)
            or getattr(node, "attr", None)
            or getattr(node, "name", None)
            or getattr(node, "arg", None)
        )
        if isinstance(name, str):
            for part in name.lower().split("_"):
                yield getattr(node, "lineno", 0), part


def mentions(source: str, ids: set[str]) -> list[str]:
    """Where code, not documentation, names one of `ids`: as `line: what`."""
    tree = ast.parse(source)
    documentation = docstrings(tree)
    found = {
        (node.lineno, node.value.lower())
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in documentation
        and node.value.lower() in ids
    }
    found |= {place for place in names_in(tree) if place[1] in ids - NAMES_OF_MORE}
    return [f"{line}: {what}" for line, what in sorted(found)]


def test_no_codec_names_a_provider() -> None:
    ids = {spec.name for spec in PROVIDERS}
    files = sorted((SOURCE / "protocols").rglob("*.py"))
    assert files
    found = {path: mentions(path.read_text(encoding="utf-8"), ids) for path in files}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_a_codec_that_did_would_be_caught() -> None:
    source = '''
"""The openai dialect, as deepseek speaks it."""
from faregate.protocols import openai_chat
if provider == "openai":
    usage = deepseek_usage(chunk["x_deepseek"])
'''
    assert mentions(source, {"openai", "deepseek"}) == ["4: openai", "5: deepseek"]
