"""The start-up scripts, run in a small project of the same layout, without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

# Builds an editable wheel as a real backend would, but needs no package to do so.
BACKEND = """
import pathlib, zipfile
INFO = "faregate-1.dist-info"
def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "faregate-1-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / name, "w") as wheel:
        wheel.writestr("faregate.pth", str(pathlib.Path.cwd()))
        wheel.writestr(f"{INFO}/METADATA",
                       "Metadata-Version: 2.1\\nName: faregate\\nVersion: 1\\n")
        wheel.writestr(f"{INFO}/WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\n"
                       "Root-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{INFO}/entry_points.txt",
                       "[console_scripts]\\nfaregate = speaker:main\\n")
        wheel.writestr(f"{INFO}/RECORD", "")
    return name
"""
SPEAKER = """
import os, sys
def main():
    print("says", os.getcwd(), *sys.argv[1:])
    raise SystemExit(7 if "fail" in sys.argv else 0)
"""
TOOLS = (
    *("bash", "cat", "dirname", "find", "flock", "mkdir", "readlink", "rm"),
    *("sha256sum", "shasum", "sleep"),
)


class Checkout:
    """A project that has the real scripts and nothing to download."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "scripts").mkdir(parents=True)
        for name in ("faregate", "venv.sh"):
            shutil.copy2(ROOT / "scripts" / name, root / "scripts" / name)
        for name in ("requirements.lock", "requirements-dev.lock"):
            (root / name).write_text("# nothing\n")
        (root / "backend.py").write_text(BACKEND)
        (root / "speaker.py").write_text(SPEAKER)
        (root / "pyproject.toml").write_text(
            '[build-system]\nrequires = []\nbuild-backend = "backend"\n'
            'backend-path = ["."]\n[project]\nname = "faregate"\nversion = "1"\n'
        )

    def start(
        self, *arguments: str, path: str | None = None, cwd: Path | None = None
    ) -> subprocess.Popen[str]:
        """Run `scripts/faregate`; `path` replaces the search path."""
        environment = {**os.environ, "PIP_NO_INDEX": "1"}
        environment.pop("FAREGATE_PYTHON", None)
        if path is not None:
            environment["PATH"] = path
        return subprocess.Popen(
            [self.root / "scripts" / "faregate", *arguments],
            cwd=cwd or self.root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(
        self, *arguments: str, path: str | None = None, cwd: Path | None = None
    ) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of one start."""
        return finish(self.start(*arguments, path=path, cwd=cwd))


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit code, stdout and stderr; a start that hangs is ended and fails the test."""
    try:
        out, err = process.communicate(timeout=50)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    return process.returncode, out, err


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("a checkout with spaces") / "root")


@pytest.fixture(scope="module")
def first_starts(checkout: Checkout) -> list[tuple[int, str, str]]:
    """Two starts at the same moment, where there is no .venv yet."""
    processes = [checkout.start("one"), checkout.start("two")]
    return [finish(process) for process in processes]


def tools_only(folder: Path, *, without: str = "") -> str:
    """A search path that holds what the scripts call, but no Python."""
    folder.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        if found and name != without:
            (folder / name).symlink_to(found)
    return str(folder)


def test_two_first_starts_make_one_venv(
    checkout: Checkout, first_starts: list[tuple[int, str, str]]
) -> None:
    assert [(code, out) for code, out, _ in first_starts] == [
        (0, f"says {checkout.root} one\n"),
        (0, f"says {checkout.root} two\n"),
    ]
    said = "".join(err for _, _, err in first_starts)
    assert said.count("making .venv with Python 3") == 1
    assert said.count("installing what requirements.lock names") == 1


@pytest.mark.usefixtures("first_starts")
def test_a_later_start_is_silent_and_passes_everything_on(
    checkout: Checkout, tmp_path: Path
) -> None:
    assert checkout.run("a b", "--c", cwd=tmp_path) == (
        0,
        f"says {tmp_path} a b --c\n",
        "",
    )
    assert checkout.run("fail")[0] == 7


@pytest.mark.usefixtures("first_starts")
def test_a_link_to_the_script_starts_the_same_checkout(
    checkout: Checkout, tmp_path: Path
) -> None:
    link = tmp_path / "fg"
    link.symlink_to(checkout.root / "scripts" / "faregate")
    ran = subprocess.run([link, "x"], cwd=tmp_path, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"says {tmp_path} x\n", "")


@pytest.mark.usefixtures("first_starts")
def test_a_changed_lock_is_installed_once(checkout: Checkout) -> None:
    with (checkout.root / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    code, out, said = checkout.run()
    assert (code, out) == (0, f"says {checkout.root}\n")
    assert "installing what requirements.lock names" in said
    assert "making .venv" not in said
    assert checkout.run()[2] == ""


@pytest.mark.usefixtures("first_starts")
def test_a_failed_set_up_is_reported_and_tried_again(checkout: Checkout) -> None:
    lock = checkout.root / "requirements.lock"
    before = lock.read_text()
    lock.write_text("no-such-package==1 --hash=sha256:" + "0" * 64 + "\n")
    code, out, said = checkout.run()
    assert (code, out) == (2, "")
    assert "no-such-package" in said
    assert "could not prepare .venv" in said
    lock.write_text(before)
    assert checkout.run()[:2] == (0, f"says {checkout.root}\n")


@pytest.mark.usefixtures("first_starts")
def test_without_flock_a_dead_holders_lock_is_taken_over(
    checkout: Checkout, tmp_path: Path
) -> None:
    with subprocess.Popen(["true"]) as ended:
        ended.wait()
    held = checkout.root / ".venv" / ".lock.d"
    held.mkdir()
    (held / "pid").write_text(f"{ended.pid}\n")
    (checkout.root / ".venv" / ".stamp-run").unlink()
    code, out, said = checkout.run(path=tools_only(tmp_path / "bin", without="flock"))
    assert (code, out) == (0, f"says {checkout.root}\n"), said
    assert not held.exists()


def test_without_a_python_it_says_what_to_install(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path / "root")
    code, out, said = checkout.run(path=tools_only(tmp_path / "bin"))
    assert (code, out) == (2, "")
    assert "needs Python 3.11 or newer with its venv module" in said
    assert "Traceback" not in said


def test_a_python_that_is_too_old_is_passed_over(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path / "root")
    path = tools_only(tmp_path / "bin")
    for name in ("python3", "python3.13"):
        old = Path(path) / name
        old.write_text("#!/bin/sh\nexit 1\n")
        old.chmod(0o755)
    code, _, said = checkout.run(path=path)
    assert code == 2
    assert "none was found" in said
