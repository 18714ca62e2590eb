"""Only the owner can touch the ledger's files, and no link leads elsewhere."""

from __future__ import annotations

import fcntl
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from faregate.core.holds import LedgerError
from faregate.ledger import files
from faregate.ledger.ledger import Ledger
from tests.ledger.building import hold, killed, open_ledger

NAMES = [
    files.DATABASE,
    f"{files.DATABASE}-wal",
    f"{files.DATABASE}-shm",
    files.ESCROW,
    files.SPILL,
    files.LOCK,
]
UNSAFE_MODES = [0o640, 0o604, 0o660, 0o666, 0o610, 0o601]


@pytest.fixture
def used(folder: Path) -> Path:
    """A folder with every file that a killed ledger leaves."""
    ledger = open_ledger(folder)
    hold(ledger)
    copy = killed(folder)
    ledger.close()
    return copy


def refuses(folder: Path, match: str) -> None:
    before = {p.name: p.lstat().st_mtime_ns for p in folder.iterdir()}
    with pytest.raises(LedgerError, match=match):
        open_ledger(folder)
    before.pop(files.LOCK, None)
    after = {p.name: p.lstat().st_mtime_ns for p in folder.iterdir()}
    assert {name: after[name] for name in before} == before


class TestModes:
    def test_what_it_makes_is_its_owners_alone(
        self, ledger: Ledger, folder: Path
    ) -> None:
        hold(ledger)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        found = {p.name: stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()}
        assert found == dict.fromkeys(NAMES, 0o600)

    def test_whatever_the_umask(self, folder: Path) -> None:
        before = os.umask(0)
        try:
            ledger = open_ledger(folder)
            hold(ledger)
            modes = {stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()}
            ledger.close()
        finally:
            os.umask(before)
        assert modes == {0o600}

    @pytest.mark.parametrize("mode", [0o750, 0o705, 0o770, 0o777, 0o710, 0o701])
    def test_a_folder_open_to_others_is_refused(self, folder: Path, mode: int) -> None:
        folder.mkdir()
        folder.chmod(mode)
        refuses(folder, "run: chmod 700")

    @pytest.mark.parametrize("mode", UNSAFE_MODES)
    @pytest.mark.parametrize("name", NAMES)
    def test_a_file_open_to_others_is_refused(
        self, used: Path, name: str, mode: int
    ) -> None:
        (used / name).chmod(mode)
        refuses(used, "run: chmod 600")


class TestLinks:
    @pytest.mark.parametrize("name", NAMES)
    def test_a_symlink_is_refused_and_its_target_untouched(
        self, used: Path, tmp_path: Path, name: str
    ) -> None:
        target = tmp_path / "precious"
        target.write_bytes(b"not yours")
        target.chmod(0o600)
        (used / name).unlink()
        (used / name).symlink_to(target)
        refuses(used, "is a symlink")
        assert target.read_bytes() == b"not yours"

    @pytest.mark.parametrize("name", [files.DATABASE, files.ESCROW, files.SPILL])
    def test_a_dangling_symlink_is_not_created_through(
        self, folder: Path, tmp_path: Path, name: str
    ) -> None:
        folder.mkdir(mode=0o700)
        (folder / name).symlink_to(tmp_path / "made")
        refuses(folder, "is a symlink")
        assert not (tmp_path / "made").exists()

    @pytest.mark.parametrize("name", NAMES)
    def test_a_second_name_is_refused(
        self, used: Path, tmp_path: Path, name: str
    ) -> None:
        (tmp_path / "other").hardlink_to(used / name)
        refuses(used, "hard link")

    def test_a_symlink_for_a_folder_is_refused(
        self, folder: Path, tmp_path: Path
    ) -> None:
        real = tmp_path / "real"
        real.mkdir(mode=0o700)
        folder.symlink_to(real)
        refuses(folder, "no folder of its own")
        assert list(real.iterdir()) == []

    def test_a_symlink_further_up_is_a_persons_choice(self, tmp_path: Path) -> None:
        (tmp_path / "disk").mkdir()
        (tmp_path / "home").symlink_to(tmp_path / "disk")
        open_ledger(tmp_path / "home" / "ledger").close()
        assert (tmp_path / "disk" / "ledger" / files.DATABASE).exists()


class TestTypes:
    @pytest.mark.parametrize(
        "make",
        [lambda p: p.mkdir(mode=0o700), lambda p: os.mkfifo(p, 0o600)],
        ids=["folder", "fifo"],
    )
    @pytest.mark.parametrize("name", [files.DATABASE, files.ESCROW, files.SPILL])
    def test_only_regular_files_are_opened(
        self, folder: Path, name: str, make: Callable[[Path], None]
    ) -> None:
        folder.mkdir(mode=0o700)
        make(folder / name)
        refuses(folder, "not a regular file")

    def test_a_file_for_a_folder_is_refused(self, folder: Path) -> None:
        folder.write_text("x")
        with pytest.raises(LedgerError, match="no folder of its own"):
            open_ledger(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("name", ["", *NAMES])
def test_foreign_files_are_refused(used: Path, name: str) -> None:
    os.chown(used / name, 65534, 65534)
    refuses(used, "belongs to user 65534")


def test_a_foreign_owner_is_named(used: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    refuses(used, f"belongs to user {os.getuid()}, not to")


@pytest.mark.parametrize(
    ("mounts", "expected"),
    [
        ("/dev/sda / ext4 rw 0 0\nserver:/x {} nfs4 rw 0 0", "nfs4"),
        ("server:/x / nfs rw 0 0\n/dev/sda {} ext4 rw 0 0", None),
        ("/dev/sda / ext4 rw 0 0\nserver:/x {}-other nfs4 rw 0 0", None),
        ("broken\n", None),
    ],
)
def test_network_file_systems_are_found(
    tmp_path: Path, mounts: str, expected: str | None
) -> None:
    folder = tmp_path / "ledger"
    table = tmp_path / "mounts"
    table.write_text(mounts.format(folder))
    assert files.network_mount(folder, table) == expected


def test_a_table_of_mounts_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert files.network_mount(tmp_path, tmp_path / "none") is None


def test_syncing_a_closed_file_is_an_error(tmp_path: Path) -> None:
    descriptor = files.open_file(tmp_path / "x")
    files.sync_data(descriptor)
    os.close(descriptor)
    with pytest.raises(OSError, match="descriptor"):
        files.sync_data(descriptor)


def test_a_file_is_created_once(tmp_path: Path) -> None:
    files.create_file(tmp_path / "x")
    with pytest.raises(LedgerError, match="cannot be created"):
        files.create_file(tmp_path / "x")


class TestFaultsOfTheSystem:
    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("x")
        with pytest.raises(LedgerError, match="cannot be made"):
            files.prepare_folder(tmp_path / "file" / "ledger")

    def test_a_name_that_cannot_be(self, tmp_path: Path) -> None:
        long = tmp_path / ("x" * 300)
        with pytest.raises(LedgerError, match="is unusable"):
            files.check_folder(long)
        with pytest.raises(LedgerError, match="cannot be inspected"):
            files.check_file(long)

    def test_a_folder_that_disappears_at_once(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Path, "mkdir", lambda *_args, **_options: None)
        with pytest.raises(LedgerError, match="disappeared"):
            files.prepare_folder(tmp_path / "none")

    def test_a_network_file_system(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(files, "network_mount", lambda _folder: "nfs4")
        with pytest.raises(LedgerError, match=r"network file system \(nfs4\)"):
            files.prepare_folder(tmp_path / "ledger")

    def test_a_file_in_a_folder_that_may_not_be_written(
        self, ordinary_user: Path
    ) -> None:
        ordinary_user.chmod(0o500)
        with pytest.raises(LedgerError, match="cannot be opened"):
            files.open_file(ordinary_user / "x")
        ordinary_user.chmod(0o700)


class TestOtherSystems:
    def test_macos_syncs_past_the_cache_of_the_drive(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[tuple[int, int]] = []
        monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
        monkeypatch.setattr(fcntl, "fcntl", lambda fd, how: asked.append((fd, how)))
        monkeypatch.setattr(sys, "platform", "darwin")
        files.sync_data(7)
        assert asked == [(7, 51)]

    def test_without_fdatasync_all_is_synced(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[int] = []
        monkeypatch.delattr(os, "fdatasync", raising=False)
        monkeypatch.setattr(os, "fsync", asked.append)
        files.sync_data(7)
        assert asked == [7]

    def test_without_owners_none_is_checked(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "x"
        path.write_text("x")
        path.chmod(0o644)
        monkeypatch.setattr(files, "_OWNED", False)
        assert files.check_file(path)

    def test_windows_cannot_sync_a_folder(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "platform", "win32")
        files.sync_folder(Path("/does/not/exist"))
