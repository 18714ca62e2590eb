"""Reading one TOML table strictly: declared keys only, every problem collected."""

from __future__ import annotations

from dataclasses import field
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, TypeVar

from faregate.config.kinds import Kind, NotThisKind
from faregate.config.problems import Problem, did_you_mean, shown
from faregate.config.toml_lines import KeyPath, line_of
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

T = TypeVar("T")
_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


@dataclass(frozen=True, slots=True)
class Field(Generic[T]):
    """One declared key: how its value is read and what it means.

    `secret` keeps the value out of every message.
    """

    name: str
    kind: Kind[T]
    doc: str
    default: T | None = None
    secret: bool = False


@dataclass(slots=True)
class Source:
    """One parsed file: where it lies, its lines, and what is wrong with it."""

    file: Path | None = None
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, path: KeyPath, message: str, hint: str = "") -> None:
        """Record what is wrong with the value at `path`."""
        self.problems.append(
            Problem(
                message=message,
                file=self.file,
                line=line_of(dict(self.lines), path),
                key=dotted(path),
                hint=hint,
            )
        )


class Table:
    """One table of a file, read key by key; `finish` reports what was not asked for."""

    def __init__(
        self, values: Mapping[str, object], *, source: Source, path: KeyPath = ()
    ) -> None:
        self._values = values
        self._asked: set[str] = set()
        self.source = source
        self.path = path

    def optional(self, wanted: Field[T]) -> T | None:
        """Return the checked value of a key, or None when absent or wrong."""
        self._asked.add(wanted.name)
        if wanted.name not in self._values:
            return None
        value = self._values[wanted.name]
        try:
            return wanted.kind.read(value)
        except NotThisKind as problem:
            message, hint = problem.message, problem.hint
            if wanted.secret:
                message = message.replace(shown(value), "the value (not shown)")
            self.problem(wanted.name, message, hint.replace("{key}", wanted.name))
            return None

    def value(self, wanted: Field[T]) -> T:
        """Return the checked value of a key, or its default when absent or wrong."""
        found = self.optional(wanted)
        if found is not None:
            return found
        if wanted.default is None:
            raise ValueError(f"{wanted.name} has no default")
        return wanted.default

    def required(self, wanted: Field[T]) -> T | None:
        """Return the checked value of a key; report its absence."""
        if wanted.name not in self._values:
            self._asked.add(wanted.name)
            self.source.problem(
                self.path, f"{wanted.name} is missing", f"It is {wanted.doc}."
            )
            return None
        return self.optional(wanted)

    def has(self, name: str) -> bool:
        """Return whether the key was written."""
        return name in self._values

    def table(self, name: str) -> Table:
        """Return the table under `name`; an empty one when absent or wrong."""
        self._asked.add(name)
        value = self._values.get(name, {})
        path = (*self.path, name)
        if not isinstance(value, dict):
            self.source.problem(
                path, f"{shown(value)} is not a table", f"Write: [{dotted(path)}]"
            )
            value = {}
        return Table(value, source=self.source, path=path)

    def tables(self, name: str) -> list[Table]:
        """Return the entries of an array of tables."""
        self._asked.add(name)
        value = self._values.get(name, [])
        path = (*self.path, name)
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            self.source.problem(
                path, "is not a list of tables", f"Write: [[{dotted(path)}]]"
            )
            return []
        return [
            Table(entry, source=self.source, path=(*path, index))
            for index, entry in enumerate(value)
        ]

    def names(self) -> tuple[str, ...]:
        """Return the keys that were written."""
        return tuple(self._values)

    def named(self) -> Iterator[tuple[str, Table]]:
        """Yield each table of a table of tables with its name."""
        for name in self._values:
            yield name, self.table(name)

    def problem(self, name: str, message: str, hint: str = "") -> None:
        """Record what is wrong with the value of a key of this table."""
        self.source.problem((*self.path, name), message, hint)

    def finish(
        self,
        *,
        secretive: Iterable[str] = (),
        hint: str = "",
        homes: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Report every key that no one asked for.

        A key in `secretive` gets `hint`: people write keys of providers there.
        `homes` has the section of keys that belong into another table.
        """
        known = sorted(self._asked)
        for name in self._values:
            if name in self._asked:
                continue
            if name in secretive:
                self.problem(name, "is not a setting", hint)
                continue
            if home := homes.get(name):
                self.problem(
                    name, f"belongs under [{home}]", f"Write [{home}] above it."
                )
                continue
            suggestion = did_you_mean(name, known)
            self.problem(
                name,
                "is no setting of this version and would do nothing",
                suggestion or f"Known here: {', '.join(known)}.",
            )


def dotted(path: KeyPath) -> str:
    """Return a key's path as it is written: prices."openai/gpt-5".input."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
            continue
        bare = part and set(part) <= _BARE
        text += ("." if text else "") + (part if bare else shown(part))
    return text


def exact_number(text: str) -> Decimal:
    """Read a TOML float exactly."""
    return Decimal(text)
