"""A home of its own, a command line in this process, and a proxy to ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from faregate.cli.confirm import RUN_VARIABLE
from faregate.cli.main import main
from faregate.config.keys import BASE_URL_VARIABLES
from faregate.config.paths import Paths, find_paths
from faregate.control.client import ADMIN_SECRET_VARIABLE
from faregate.providers.registry import PROVIDERS
from tests.cli.asked_proxy import AskedProxy
from tests.control import scenes
from tests.control.fake_proxy import running

TOKEN = "fg-t0k3n"


@dataclass(frozen=True, slots=True)
class Result:
    """How one command ended and what it printed."""

    code: int
    out: str
    err: str


Cli = Callable[..., Result]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for spec in PROVIDERS:
        for name in spec.key_env:
            monkeypatch.delenv(name, raising=False)
    others = (RUN_VARIABLE, ADMIN_SECRET_VARIABLE, "FAREGATE_DEBUG")
    for name in (*BASE_URL_VARIABLES, *others):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("FAREGATE_HOME", str(home))
    monkeypatch.setenv("HOME", str(tmp_path))
    found = find_paths()
    found.state_dir.mkdir(mode=0o700)
    return found


@pytest.fixture
def cli(paths: Paths, capfd: pytest.CaptureFixture[str]) -> Cli:
    """Run one command line in this process."""

    def run(*arguments: str) -> Result:
        capfd.readouterr()
        code = main(list(arguments))
        captured = capfd.readouterr()
        assert "Traceback" not in captured.err
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture
def proxy(paths: Paths) -> Iterator[AskedProxy]:
    """A proxy that answers with seeded figures and remembers what it was asked."""
    paths.token.write_text(f"{TOKEN}\n")
    paths.token.chmod(0o600)
    paths.socket.parent.mkdir(mode=0o700, exist_ok=True)
    fake = AskedProxy(socket=paths.socket, snapshot=scenes.snapshot())
    with running(fake):
        yield fake
