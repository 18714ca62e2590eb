"""Provider keys: found in the environment, from a command, or in the keyring.

Owns looking them up once at start. A key is never printed, logged or written; what
is wrong with one is said without its value.
"""

from __future__ import annotations

import importlib
import os
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from faregate.config.files import make_private_dir, read_owned, write_private
from faregate.config.problems import ConfigError
from faregate.config.settings import (
    CommandKey,
    EnvKey,
    KeyringKey,
    KeySource,
    ProviderChoice,
    ServerSettings,
    Settings,
)
from faregate.config.values import is_loopback
from faregate.core.secret import LOCAL_TOKEN_PREFIX, Secret
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.config.paths import Paths

COMMAND_SECONDS = 10.0
_KEY_MAX = 16_384
BASE_URL_VARIABLES = {
    "OPENAI_BASE_URL": "openai",
    "OPENAI_API_BASE": "openai",
    "ANTHROPIC_BASE_URL": "anthropic",
    "ANTHROPIC_API_BASE": "anthropic",
    "GOOGLE_GEMINI_BASE_URL": "gemini",
}
"""Variables by which agents find the gate; a provider is never found by them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundKey:
    """A provider's key and where it was: "OPENAI_API_KEY", "key_command"."""

    secret: Secret
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Every key that was found, by provider, and what a person should know."""

    found: Mapping[str, FoundKey]
    warnings: tuple[str, ...] = ()


class KeyProblem(Exception):  # noqa: N818 - a finding that becomes a warning
    """A key is there and cannot be used; the text never holds it."""


def find_keys(
    settings: Settings, environ: Mapping[str, str] | None = None, *, run: bool = True
) -> Keys:
    """Look up the key of every provider; `run` False leaves commands and keyring out.

    Takes at most `COMMAND_SECONDS` for each provider with a key_command.
    """
    environ = os.environ if environ is None else environ
    found: dict[str, FoundKey] = {}
    warnings = _base_url_warnings(environ, settings.server)
    for name, choice in settings.providers.items():
        if not run and not isinstance(choice.key, EnvKey):
            continue
        try:
            key = _look_up(choice.key, environ)
        except KeyProblem as problem:
            warnings.append(f"{name}: {problem}")
            continue
        if key is not None:
            found[name] = key
        elif choice.configured and not choice.keyless:
            warnings.append(f"{name}: no key found: {_described(choice)}")
    return Keys(found=found, warnings=tuple(dict.fromkeys(warnings)))


def note_keys(paths: Paths, keys: Keys) -> list[str]:
    """Remember which providers have a key; name each that had one at the last start.

    One that `keys` warns of already is not named twice.
    """
    try:
        before = read_owned(paths.keys_seen) or b""
    except ConfigError:
        before = b""
    make_private_dir(paths.state_dir)
    write_private(paths.keys_seen, "\n".join(sorted(keys.found)).encode())
    gone = sorted(set(before.decode("utf-8", "replace").split()) - keys.found.keys())
    return [
        f"{name} had a key at the last start and has none now. To make it lasting, add "
        f'[providers.{name}] with key_command = ["pass", "show", "{name}"] or '
        f'keyring = "faregate/{name}".'
        for name in gone
        if not any(each.startswith(f"{name}: ") for each in keys.warnings)
    ]


def _look_up(source: KeySource, environ: Mapping[str, str]) -> FoundKey | None:
    match source:
        case EnvKey(names):
            return _from_environment(names, environ)
        case CommandKey(argv):
            return FoundKey(
                secret=_checked(_command_output(argv, environ), "key_command"),
                source="key_command",
            )
        case KeyringKey(service, user):
            return _from_keyring(service, user)


def _from_environment(
    names: tuple[str, ...], environ: Mapping[str, str]
) -> FoundKey | None:
    ours = ""
    for name in names:
        value = environ.get(name, "").strip()
        if value.startswith(LOCAL_TOKEN_PREFIX):
            ours = ours or name
        elif value:
            return FoundKey(secret=_checked(value, name), source=name)
    if ours:
        raise KeyProblem(
            f"{ours} holds a token of Faregate itself, which no provider takes: "
            f"ignored. Start the proxy from a shell where {ours} is the provider's key."
        )
    return None


def _checked(value: str, source: str) -> Secret:
    value = value.strip()
    if not value:
        raise KeyProblem(f"{source} gave nothing")
    if not value.isascii() or not value.isprintable() or len(value) > _KEY_MAX:
        raise KeyProblem(f"{source} holds a character that no key has (not shown)")
    if any(mark in value for mark in " \"'`"):
        raise KeyProblem(f"{source} holds a space or a quote (value not shown)")
    if value.startswith(LOCAL_TOKEN_PREFIX):
        raise KeyProblem(f"{source} gave a token of Faregate itself: ignored")
    return Secret(value)


def _command_output(argv: tuple[str, ...], environ: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the person's own command, no shell
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_SECONDS,
            check=False,
            env=dict(environ),
        )
    except FileNotFoundError:
        raise KeyProblem(f"key_command: {argv[0]} was not found") from None
    except subprocess.TimeoutExpired:
        raise KeyProblem(
            f"key_command: {argv[0]} took longer than {COMMAND_SECONDS:g} s"
        ) from None
    except OSError as error:
        raise KeyProblem(f"key_command: {argv[0]}: {error.strerror}") from None
    if done.returncode != 0:
        raise KeyProblem(f"key_command: {argv[0]} ended with code {done.returncode}")
    lines = done.stdout.decode("utf-8", "replace").strip().splitlines()
    if len(lines) > 1:
        raise KeyProblem(f"key_command: {argv[0]} printed {len(lines)} lines, not one")
    return lines[0] if lines else ""


def _from_keyring(service: str, user: str) -> FoundKey | None:
    try:
        keyring = importlib.import_module("keyring")
        errors = importlib.import_module("keyring.errors")
    except ImportError:
        raise KeyProblem(
            "keyring is not installed: pip install 'faregate[keyring]'"
        ) from None
    try:
        value = keyring.get_password(service, user)
    except errors.KeyringError as error:
        raise KeyProblem(f"keyring: {type(error).__name__}") from None
    if value is None:
        return None
    return FoundKey(secret=_checked(value, "keyring"), source="keyring")


def _described(choice: ProviderChoice) -> str:
    if isinstance(choice.key, EnvKey):
        names = choice.key.names
        return (
            f"{names[0]} is not set"
            if len(names) == 1
            else f"none of {', '.join(names)} is set"
        )
    return "key_command" if isinstance(choice.key, CommandKey) else "keyring"


def _base_url_warnings(environ: Mapping[str, str], server: ServerSettings) -> list[str]:
    warnings = []
    for variable, provider in BASE_URL_VARIABLES.items():
        value = environ.get(variable, "").strip()
        if not value:
            continue
        if points_at(value, server):
            warnings.append(
                f"{variable} points at Faregate itself: ignored for the proxy's own calls"
            )
        else:
            warnings.append(
                f"{variable} is set: ignored, because only config.toml says where "
                f"providers are. To use it, add [providers.{provider}] base_url."
            )
    return warnings


def points_at(url: str, server: ServerSettings) -> bool:
    """Return whether a URL leads to this proxy."""
    try:
        parts = urlsplit(url)
        return is_loopback(parts.hostname or "") and parts.port == server.port
    except ValueError:
        return False
