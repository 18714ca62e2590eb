"""Both ways to install hold every file: a built wheel and an editable checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

import faregate
from faregate.config.paths import themes_dir
from tests.architecture.tree import ROOT, SOURCE, tracked_files

if TYPE_CHECKING:
    from pathlib import Path

ASK_THE_PACKAGE = """
import json, faregate
from faregate.config.paths import themes_dir
from faregate.tokens.counter import TokenCounter
print(json.dumps({
    "package": faregate.__file__,
    "version": faregate.__version__,
    "themes": sorted(path.name for path in themes_dir().iterdir()),
    "themes_dir": str(themes_dir()),
    "tokens": TokenCounter().count_now("tiktoken is great!", "cl100k_base"),
}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout, built without the network."""
    target = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index",
         "--no-build-isolation", "--disable-pip-version-check",
         "--wheel-dir", str(target), str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (path,) = target.glob("faregate-*.whl")
    return path


def theme_names() -> list[str]:
    return sorted(path.name for path in (ROOT / "themes").iterdir())


def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    expected = {
        path.relative_to(SOURCE.parent).as_posix()
        for path in tracked_files()
        if SOURCE in path.parents
    }
    expected |= {f"faregate/themes/{name}" for name in theme_names()}
    held = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in held if name.startswith("faregate/")} == expected
    assert "faregate/py.typed" in held
    assert {"LICENSE", "NOTICE"} <= {
        name.rpartition("/")[2] for name in held if "/licenses/" in name
    }


def test_the_wheel_works_where_there_is_no_checkout(wheel: Path) -> None:
    unpacked = wheel.parent / "unpacked"
    zipfile.ZipFile(wheel).extractall(unpacked)
    ran = subprocess.run(
        [sys.executable, "-c", ASK_THE_PACKAGE],
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        cwd=wheel.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {
        "package": str(unpacked / "faregate" / "__init__.py"),
        "version": faregate.__version__,
        "themes": theme_names(),
        "themes_dir": str(unpacked / "faregate" / "themes"),
        "tokens": 6,
    }


def test_the_editable_install_reads_the_checkouts_own_themes() -> None:
    assert faregate.__file__ == str(SOURCE / "__init__.py")
    assert themes_dir().resolve() == ROOT / "themes"
    assert theme_names()


def test_the_package_says_its_version() -> None:
    stated = f'version = "{faregate.__version__}"'
    assert stated in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
