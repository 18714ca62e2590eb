"""A configuration that cannot be trusted or understood starts no proxy."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

SECRET = "sk-canary-in-a-config"
PROVIDER = '[providers.house]\nkind = "openai"\nkey_env = "HOUSE_KEY"\n'


def text(content: str) -> Callable[[Path], None]:
    def write(config: Path) -> None:
        config.write_text(content)

    return write


def base_url(url: str) -> Callable[[Path], None]:
    return text(f'{PROVIDER}base_url = "{url}"\n')


def folder(config: Path) -> None:
    config.mkdir()


def pipe(config: Path) -> None:
    os.mkfifo(config)


def huge(config: Path) -> None:
    with config.open("wb") as file:
        file.truncate(1024**3)


def group_writable(config: Path) -> None:
    config.write_text("")
    config.chmod(0o664)


# How the configuration is spoiled, and a word of what the person is told.
REFUSED: dict[str, tuple[Callable[[Path], None], str]] = {
    "folder": (folder, "folder"),
    "pipe": (pipe, "regular file"),
    "huge": (huge, "larger"),
    "writable_by_others": (group_writable, "chmod go-w"),
    "text_for_money": (text('[budget]\nmonthly = "10"\n'), "monthly"),
    "everywhere": (text('[server]\nhost = "0.0.0.0"\n'), "host"),
    "plain_http": (base_url("http://example.com/v1"), "base_url"),
    "login_in_url": (base_url(f"https://user:{SECRET}@example.com/v1"), "base_url"),
    "a_key_itself": (text(f'{PROVIDER}api_key = "{SECRET}"\n'), "api_key"),
}


def serve(home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {"PATH", "PYTHONPATH", "LANG", "SYSTEMROOT", "HOME"}
    inherited = {name: os.environ[name] for name in kept & os.environ.keys()}
    return subprocess.run(
        [sys.executable, "-P", "-m", "faregate", "serve"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**inherited, "FAREGATE_HOME": str(home), **environment},
    )


async def test_each_is_refused_with_its_reason(tmp_path: Path) -> None:
    """A few of each kind: every start costs half a second, most of it imports."""
    limit = asyncio.Semaphore(2)

    async def start(name: str) -> subprocess.CompletedProcess[str]:
        home = tmp_path / name
        home.mkdir(mode=0o700)
        REFUSED[name][0](home / "config.toml")
        async with limit:
            return await asyncio.to_thread(serve, home)

    done = dict(
        zip(
            REFUSED,
            await asyncio.gather(*(start(name) for name in REFUSED)),
            strict=True,
        )
    )
    for name, (_, word) in REFUSED.items():
        outcome = done[name]
        assert outcome.returncode == 2, (name, outcome.stderr)
        assert word in outcome.stderr, (name, outcome.stderr)
        assert "Traceback" not in outcome.stderr, name
        assert SECRET not in outcome.stderr + outcome.stdout, name
        assert outcome.stdout == "", name
        assert not (tmp_path / name / "state" / "control.sock").exists(), name


def test_a_key_that_cannot_be_one_is_not_shown(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    # A proxy starts without that key; the port, which is taken, ends this at once.
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (home / "config.toml").write_text(
            f'[server]\nport = {port}\n{PROVIDER}base_url = "https://example.com/v1"\n'
        )
        outcome = serve(home, HOUSE_KEY=f"{SECRET}\nand more")
    assert outcome.returncode != 0
    assert f"port {port}" in outcome.stderr
    assert SECRET not in outcome.stderr + outcome.stdout
    assert "Traceback" not in outcome.stderr
