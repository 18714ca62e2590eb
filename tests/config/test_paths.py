"""Every path under one folder with FAREGATE_HOME, else where the platform says."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path

import platformdirs
import pytest

from faregate.config.paths import SOCKET_PATH_MAX, Paths, find_paths, themes_dir


def all_paths(paths: Paths) -> dict[str, Path]:
    names = [item.name for item in fields(paths)]
    names += [
        name for name, value in vars(Paths).items() if isinstance(value, property)
    ]
    return {name: getattr(paths, name) for name in names}


def test_everything_is_under_faregate_home(tmp_path: Path) -> None:
    paths = find_paths({"FAREGATE_HOME": str(tmp_path)})
    found = all_paths(paths)
    assert all(path.is_relative_to(tmp_path) for path in found.values())
    files = {name: path for name, path in found.items() if not name.endswith("_dir")}
    assert len(set(files.values())) == len(files)
    assert paths.config == tmp_path / "config.toml"
    assert paths.overrides.parent == paths.config.parent


def test_nothing_is_created_by_looking(tmp_path: Path) -> None:
    all_paths(find_paths({"FAREGATE_HOME": str(tmp_path / "home")}))
    assert not (tmp_path / "home").exists()


def test_a_relative_or_tilde_home_is_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_paths({"FAREGATE_HOME": "x"}).config == tmp_path / "x" / "config.toml"
    assert find_paths({"FAREGATE_HOME": "~/x"}).config == tmp_path / "x/config.toml"


def test_an_empty_home_means_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = find_paths({"FAREGATE_HOME": ""})
    assert paths.config_dir == platformdirs.user_config_path(
        "faregate", appauthor=False
    )
    assert paths == find_paths({})


def test_where_a_platform_has_one_folder_the_parts_are_kept_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("config", "data", "state"):
        monkeypatch.setattr(
            platformdirs, f"user_{kind}_path", lambda *_, **__: tmp_path
        )
    paths = find_paths({})
    assert paths.config_dir == tmp_path
    assert paths.data_dir == tmp_path / "data"
    assert paths.state_dir == tmp_path / "state"


def test_a_long_socket_path_gets_a_short_stand_in(tmp_path: Path) -> None:
    home = tmp_path / ("é" * 100)
    one = find_paths({"FAREGATE_HOME": str(home)})
    assert len(os.fsencode(one.socket)) <= SOCKET_PATH_MAX
    assert one.socket.parent.name == f"faregate-{os.getuid()}"
    other = find_paths({"FAREGATE_HOME": str(home / "x")})
    assert other.socket != one.socket
    assert find_paths({"FAREGATE_HOME": str(home), "TMPDIR": "/x"}) == one


def test_the_longest_path_that_fits_is_kept() -> None:
    room = SOCKET_PATH_MAX - len("/state/control.sock")
    fits = find_paths({"FAREGATE_HOME": "/" + "a" * (room - 1)})
    assert len(os.fsencode(fits.socket)) == SOCKET_PATH_MAX
    assert fits.socket.parent == fits.state_dir
    longer = find_paths({"FAREGATE_HOME": "/" + "a" * room})
    assert longer.socket.parent != longer.state_dir


def test_the_themes_are_found() -> None:
    assert themes_dir().name == "themes"
    assert themes_dir().is_dir()
