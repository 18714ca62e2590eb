"""Where files live: one table of paths, decided once from the environment.

Reads no file and creates none; whoever writes a file makes its folder private first.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

APP = "faregate"
HOME_VARIABLE = "FAREGATE_HOME"
SOCKET_PATH_MAX = 103
"""Bytes of a Unix socket's path that every supported system takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Every path that Faregate uses. Nothing here depends on the working folder."""

    config_dir: Path
    data_dir: Path
    state_dir: Path
    socket: Path

    @property
    def config(self) -> Path:
        """The file a person writes; never rewritten by the program."""
        return self.config_dir / "config.toml"

    @property
    def overrides(self) -> Path:
        """What commands have set; wins over the configuration."""
        return self.config_dir / "overrides.toml"

    @property
    def user_themes(self) -> Path:
        """Themes of the person's own."""
        return self.config_dir / "themes"

    @property
    def ledger_dir(self) -> Path:
        """The folder of the ledger."""
        return self.data_dir / "ledger"

    @property
    def log(self) -> Path:
        """Where a proxy in the background writes its diagnostics."""
        return self.state_dir / "faregate.log"

    @property
    def statusline(self) -> Path:
        """One line of status, rewritten by the proxy, for prompts and status bars."""
        return self.state_dir / "status"

    @property
    def pid(self) -> Path:
        """The process id of the running proxy."""
        return self.state_dir / "faregate.pid"

    @property
    def token(self) -> Path:
        """The local token that `faregate env` hands out."""
        return self.state_dir / "token"

    @property
    def admin_secret(self) -> Path:
        """The secret that stands in for a person at a terminal."""
        return self.state_dir / "admin-secret"

    @property
    def captures(self) -> Path:
        """Requests and answers that somebody asked to have kept."""
        return self.state_dir / "captures"

    @property
    def keys_seen(self) -> Path:
        """Names of the providers that had a key at the last start."""
        return self.state_dir / "keys-seen"


def find_paths(environ: Mapping[str, str] | None = None) -> Paths:
    """Return the paths for this environment (the process's own by default)."""
    environ = os.environ if environ is None else environ
    home = environ.get(HOME_VARIABLE, "")
    if home:
        return _under(Path(home).expanduser().absolute())
    return _by_platform()


def themes_dir() -> Path:
    """Return the folder of the bundled themes, in a wheel or in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "themes"
    return inside if inside.is_dir() else package.parent.parent / "themes"


def _under(home: Path) -> Paths:
    state = home / "state"
    return Paths(
        config_dir=home,
        data_dir=home / "data",
        state_dir=state,
        socket=_short(state / "control.sock"),
    )


def _by_platform() -> Paths:
    # Loaded here: with FAREGATE_HOME set nothing needs it.
    import platformdirs

    config = platformdirs.user_config_path(APP, appauthor=False)
    data = platformdirs.user_data_path(APP, appauthor=False)
    state = platformdirs.user_state_path(APP, appauthor=False)
    if data == config:
        # One folder for all three on some systems: a config folder may be readable
        # by others, the ledger's never.
        data, state = config / "data", config / "state"
    return Paths(
        config_dir=config,
        data_dir=data,
        state_dir=state,
        socket=_short(state / "control.sock"),
    )


def _short(socket: Path) -> Path:
    """Return `socket`, or a stand-in when its path is too long for the system."""
    if sys.platform == "win32" or len(os.fsencode(socket)) <= SOCKET_PATH_MAX:
        return socket
    name = hashlib.sha256(os.fsencode(socket)).hexdigest()[:16]
    # Fixed, not from TMPDIR: the proxy and a command must find the same one even if
    # their environments differ. The folder is refused unless it is ours and private.
    return Path("/tmp") / f"{APP}-{os.getuid()}" / f"{name}.sock"  # noqa: S108
