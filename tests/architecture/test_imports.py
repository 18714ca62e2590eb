"""What importing loads, seen from a fresh interpreter.

The import contracts say what may be named; these say what is in fact loaded.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.architecture.tree import SOURCE, dotted, modules


def loaded_by(*names: str) -> set[str]:
    """The modules that importing `names` adds to a fresh interpreter."""
    script = (
        "import importlib, json, sys\n"
        "before = set(sys.modules)\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, *names],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return set(json.loads(ran.stdout))


def foreign(loaded: set[str]) -> set[str]:
    """The top-level names that are neither ours nor of the standard library."""
    top = {name.partition(".")[0] for name in loaded}
    return top - sys.stdlib_module_names - {"faregate", "__mp_main__"}


def package_modules(package: str) -> list[str]:
    return [dotted(path) for path in modules() if SOURCE / package in path.parents]


def test_the_command_line_starts_without_the_heavy_parts() -> None:
    loaded = loaded_by("faregate.cli.main")
    heavy = {"textual", "aiohttp", "apsw", "tiktoken", "uvloop", "rich", "requests"}
    assert heavy & loaded == set()
    assert {"faregate.daemon", "faregate.tui.app", "faregate.server"} & loaded == set()


def test_the_package_itself_loads_nothing() -> None:
    assert loaded_by("faregate") <= {"faregate", "__future__"}


def test_the_proxy_starts_without_what_only_some_requests_need() -> None:
    loaded = loaded_by("faregate.daemon")
    protocols = "faregate.protocols"
    later = {
        f"{protocols}.translation.translator",
        f"{protocols}.openai_chat.decode_request",
        f"{protocols}.gemini.encode_answer",
        f"{protocols}.dialogue",
        "importlib.metadata",
    }
    assert later & loaded == set()


def test_what_translates_is_loaded_at_once() -> None:
    script = (
        "import sys\n"
        "from faregate.gateway import translating\n"
        "translating.load()\n"
        "before = set(sys.modules)\n"
        "from faregate.protocols.translation.translator import translate\n"
        "from faregate.protocols.translation.table import DIALECTS\n"
        "assert len([each.read for each in DIALECTS.values()]) == 4\n"
        "assert set(sys.modules) == before, set(sys.modules) - before\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)


def test_core_loads_only_the_standard_library() -> None:
    names = package_modules("core")
    assert len(names) > 5
    assert foreign(loaded_by(*names)) == set()


@pytest.mark.parametrize("package", ["protocols", "providers"])
def test_codecs_and_providers_add_msgspec_alone(package: str) -> None:
    names = package_modules(package)
    assert len(names) > 2
    # msgspec loads typing_extensions where something else installed it.
    assert foreign(loaded_by(*names)) <= {"msgspec", "typing_extensions"}


def test_every_module_can_be_imported() -> None:
    names = [dotted(path) for path in modules() if path.name != "__main__.py"]
    assert set(names) <= loaded_by(*names)
