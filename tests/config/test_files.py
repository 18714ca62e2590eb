"""Only files that nobody else can have written are read; the cure is named."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from faregate.config.files import (
    CONFIG_MAX_BYTES,
    make_private_dir,
    read_owned,
    read_private,
    write_private,
)
from faregate.config.problems import ConfigError

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
STRANGER = 54321


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a file.toml"
    path.write_bytes(b"x = 1\n")
    return path


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o444, 0o400, 0o755])
def test_a_file_that_only_its_owner_writes_is_read(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert read_owned(file) == b"x = 1\n"


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o664, 0o666, 0o777])
def test_a_file_that_others_can_write_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(ConfigError) as caught:
        read_owned(file)
    assert f"chmod go-w '{file}'" in str(caught.value)
    assert f"{mode:04o}" in str(caught.value)


@as_root
def test_a_file_of_another_user_is_refused(file: Path) -> None:
    os.chown(file, STRANGER, -1)
    with pytest.raises(ConfigError, match=rf"uid {STRANGER}.*chown 0 "):
        read_owned(file)


@as_root
def test_a_link_to_or_of_another_user_is_refused(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    assert read_owned(link) == b"x = 1\n"
    os.chown(file, STRANGER, -1)
    with pytest.raises(ConfigError, match="another user"):
        read_owned(link)
    os.chown(file, 0, -1)
    os.chown(link, STRANGER, -1, follow_symlinks=False)
    with pytest.raises(ConfigError, match="another user"):
        read_owned(link)


def test_a_missing_file_is_none_and_a_dangling_link_is_an_error(tmp_path: Path) -> None:
    assert read_owned(tmp_path / "none") is None
    (tmp_path / "link").symlink_to(tmp_path / "none")
    with pytest.raises(ConfigError, match="leads nowhere"):
        read_owned(tmp_path / "link")


def test_a_folder_a_pipe_and_a_device_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder"):
        read_owned(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="not a regular file"):
        read_owned(tmp_path / "pipe")


def test_a_huge_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(ConfigError, match="larger than 1000 kB"):
        read_owned(path)
    with path.open("wb") as file:
        file.truncate(CONFIG_MAX_BYTES)
    assert len(read_owned(path) or b"") == CONFIG_MAX_BYTES


def test_writing_replaces_whole_and_private(file: Path) -> None:
    file.chmod(0o644)
    write_private(file, b"new")
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def test_writing_replaces_a_planted_link_not_its_target(
    file: Path, tmp_path: Path
) -> None:
    planted = tmp_path / "overrides.toml"
    planted.symlink_to(file)
    write_private(planted, b"new")
    assert file.read_bytes() == b"x = 1\n"
    assert not planted.is_symlink()


def test_a_failed_write_leaves_the_old_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_private(file, b"new")
    assert file.read_bytes() == b"x = 1\n"
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def test_a_private_folder_is_made_and_checked(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    make_private_dir(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    make_private_dir(folder)
    folder.chmod(0o750)
    with pytest.raises(ConfigError, match=r"0750.*chmod 700"):
        make_private_dir(folder)
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="not a folder"):
        make_private_dir(tmp_path / "file")


def test_a_folder_that_cannot_be_made_tells_where_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"cannot be made: .* Set FAREGATE_HOME"):
        make_private_dir(tmp_path / "file" / "x" / "y")


def test_a_planted_link_is_no_private_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(ConfigError, match="not a folder"):
        make_private_dir(tmp_path / "link")


@as_root
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    os.chown(folder, STRANGER, -1)
    with pytest.raises(ConfigError, match="another user"):
        make_private_dir(folder)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_secret_is_not_read_from_a_file_that_others_can_read(
    file: Path, mode: int
) -> None:
    file.chmod(0o600)
    assert read_private(file) == b"x = 1\n"
    file.chmod(mode)
    with pytest.raises(ConfigError, match="chmod 600"):
        read_private(file)
