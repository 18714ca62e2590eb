"""`faregate web` and `up --web`: addresses, and what is missing."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from faregate.cli import web
from faregate.cli.output import CliError
from faregate.config.paths import find_paths
from faregate.tui.web import serving

if TYPE_CHECKING:
    from pathlib import Path

    from faregate.config.paths import Paths


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """The files of a home of its own."""
    home = tmp_path / "home"
    (home / "state").mkdir(parents=True, mode=0o700)
    home.chmod(0o700)
    return find_paths({"FAREGATE_HOME": str(home)})


def test_one_address_watches_and_one_may_act() -> None:
    found = web.addresses({"port": 4748, "token": "abc"})
    assert found == {
        "watch": "http://127.0.0.1:4748/",
        "control": "http://127.0.0.1:4748/?token=abc",
    }


def record(paths: Paths, pid: int) -> None:
    told = {"port": 4748, "token": "abc", "pid": pid}
    path = paths.state_dir / "web.json"
    path.write_text(json.dumps(told))
    path.chmod(0o600)


def test_what_runs_already_is_not_started_again(paths: Paths) -> None:
    record(paths, os.getpid())
    assert web.start_web(paths, 4999)["watch"] == "http://127.0.0.1:4748/"


def test_a_start_that_fails_says_why(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(paths, 2**22 + 1)
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(CliError, match="did not start"):
        web.start_web(paths, 4999)


def test_without_the_extra_it_names_the_package(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def missing(*_args: object) -> None:
        raise serving.MissingExtraError

    monkeypatch.setattr(serving, "serve", missing)
    monkeypatch.setattr(web, "ensure_running", lambda _paths: None)
    monkeypatch.setenv("FAREGATE_HOME", str(paths.config_dir))
    callback = web.web.callback
    assert callback is not None
    with pytest.raises(CliError, match="faregate\\[web\\]"):
        callback(port=4999, quiet=True, as_json=False)


def test_where_it_listens_as_a_document(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def served(_served: object, _socket: object, ready: Any) -> None:
        ready(4999)

    monkeypatch.setattr(serving, "serve", served)
    monkeypatch.setattr(web, "ensure_running", lambda _paths: None)
    monkeypatch.setenv("FAREGATE_HOME", str(paths.config_dir))
    callback = web.web.callback
    assert callback is not None
    assert callback(port=4999, quiet=False, as_json=True) == 0
    told = capsys.readouterr()
    document = json.loads(told.out)
    assert document["watch"] == "http://127.0.0.1:4999/"
    assert document["control"].startswith("http://127.0.0.1:4999/?token=")
    assert told.err == ""
