"""Checks that each way in which a probe of the smoke test can end is tested.

Finds every place in src/faregate/smoke/probes where a verdict is made, runs the tests
of the probes, and lists the places that no test came by. Exit 1 where there is one.

Run with the project's own Python: .venv/bin/python scripts/probe_verdicts.py
"""

from __future__ import annotations

import ast
import functools
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from faregate.smoke import no_answer, verdict

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
PROBES = ROOT / "src" / "faregate" / "smoke" / "probes"
TESTS = str(ROOT / "tests" / "smoke" / "probes")
MAKERS = ("passed", "warned", "failed", "unsupported", "skipped", "no_answer")
Place = tuple[str, int]


def places() -> dict[Place, str]:
    """Return where verdicts are made: file and line, to the name of the maker."""
    found: dict[Place, str] = {}
    for path in sorted(PROBES.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in MAKERS:
                found[path.name, node.lineno] = node.func.id
    return found


def watch(seen: Counter[Place]) -> None:
    """Count each call of a maker by where it was called from."""

    def counted(make: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(make)
        def call(*args: object, **more: object) -> object:
            caller = sys._getframe(1)
            path = Path(caller.f_code.co_filename)
            if path.parent == PROBES:
                seen[path.name, caller.f_lineno] += 1
            return make(*args, **more)

        return call

    for name in MAKERS:
        home = no_answer if name == "no_answer" else verdict
        setattr(home, name, counted(getattr(home, name)))


def main() -> int:
    """Run the tests and print what they came by."""
    assert not any(name.startswith("faregate.smoke.probes.") for name in sys.modules)
    seen: Counter[Place] = Counter()
    watch(seen)
    code = pytest.main(["-q", "-p", "no:cacheprovider", TESTS])
    if code:
        return int(code)
    known = places()
    missing = sorted(place for place in known if not seen[place])
    without_pass = {
        path.name
        for path in PROBES.glob("*.py")
        if "PROBE = Probe(" in path.read_text(encoding="utf-8")
        and not any(
            seen[place]
            for place, maker in known.items()
            if place[0] == path.name and maker == "passed"
        )
    }
    for maker, count in Counter(known.values()).most_common():
        tested = sum(
            1 for place, name in known.items() if name == maker and seen[place]
        )
        print(f"{maker:<12} {tested:>3} of {count}")
    for name, line in missing:
        print(f"untested: {name}:{line} {known[name, line]}")
    for name in sorted(without_pass):
        print(f"never passes: {name}")
    print(f"{len(known) - len(missing)} of {len(known)} ways to end are tested")
    return 1 if missing or without_pass else 0


if __name__ == "__main__":
    raise SystemExit(main())
