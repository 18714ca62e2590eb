"""Frozen dataclasses like the standard library's, made in a third of the time.

The library compiles six functions for each class, which is what most of a start would
consist of. Here that is done for `__init__` alone; the others are the same for every
class. To a type checker there is no difference.
"""

from __future__ import annotations

import dataclasses
from dataclasses import MISSING, FrozenInstanceError, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from dataclasses import Field
    from dataclasses import dataclass as dataclass

_T = TypeVar("_T")
_UNSET = object()
"""Stands for a default that is made anew for each instance."""

if not TYPE_CHECKING:

    def dataclass(cls=None, /, *, frozen=False, slots=False, **options):
        """Make a dataclass; one with `frozen` and `slots` is made here."""
        if not (frozen and slots) or not options.keys() <= {"kw_only"}:
            made = dataclasses.dataclass(frozen=frozen, slots=slots, **options)
        else:

            def made(cls: type[_T]) -> type[_T]:
                return _frozen(cls, **options)

        return made if cls is None else made(cls)


def init_of(cls: type, setting: str) -> Callable[..., None]:
    """Return an `__init__` for the fields of a dataclass.

    `setting` is what sets one, as in "self.{0} = {0}".
    """
    names: dict[str, Any] = {"_set": object.__setattr__, "_UNSET": _UNSET}
    given: list[str] = []
    by_name: list[str] = []
    body: list[str] = []
    for each in fields(cls):
        name = each.name
        if not each.init:
            body += _alone(each, setting, names)
            continue
        default = ""
        if each.default_factory is not MISSING:
            names[f"_make_{name}"] = each.default_factory
            body.append(f"if {name} is _UNSET: {name} = _make_{name}()")
            default = "=_UNSET"
        elif each.default is not MISSING:
            names[f"_default_{name}"] = each.default
            default = f"=_default_{name}"
        (by_name if each.kw_only else given).append(name + default)
        body.append(setting.format(name))
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    head = ", ".join(["self", *given, *(["*", *by_name] if by_name else [])])
    lines = "".join(f"\n    {line}" for line in body or ["pass"])
    # The text is made of the names of fields, as it is in the standard library.
    exec(f"def __init__({head}):{lines}", names)  # noqa: S102
    made: Callable[..., None] = names["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__module__ = cls.__module__
    return made


def _alone(each: Field[Any], setting: str, names: dict[str, Any]) -> list[str]:
    """Return what sets a field that nobody gives, if anything does."""
    name = each.name
    if each.default_factory is not MISSING:
        names[f"_make_{name}"] = each.default_factory
        return [f"{name} = _make_{name}()", setting.format(name)]
    if each.default is not MISSING:
        names[f"_default_{name}"] = each.default
        return [f"{name} = _default_{name}", setting.format(name)]
    return []


def _frozen(cls: type[_T], **options: bool) -> type[_T]:
    own = cls.__dict__
    hashes, equals, shows = (
        name not in own for name in ("__hash__", "__eq__", "__repr__")
    )
    # Without one the library would describe the signature.
    cls.__doc__ = cls.__doc__ or cls.__name__
    made = dataclasses.dataclass(
        init=False, repr=False, eq=False, slots=True, **options
    )(cls)
    every = fields(made)  # type: ignore[arg-type]
    values = _getter(each.name for each in every if each.compare)
    methods: dict[str, Any] = {
        "__init__": init_of(made, '_set(self, "{0}", {0})'),
        "__setattr__": _refuse_to_set,
        "__delattr__": _refuse_to_delete,
        "__getstate__": _state,
        "__setstate__": _set_state,
    }
    if equals:
        methods["__eq__"] = _equality(values)
    if hashes:
        methods["__hash__"] = lambda self: hash(values(self))
    if shows:
        methods["__repr__"] = _representation(every)
    for name, method in methods.items():
        setattr(made, name, method)
    return made


def _getter(names: Iterable[str]) -> Callable[[object], Any]:
    """Return what gets the values of fields, in an order."""
    found = tuple(names)
    return attrgetter(*found) if found else lambda _self: ()


def _equality(values: Callable[[object], Any]) -> Callable[[object, object], bool]:
    def __eq__(self: object, other: object) -> bool:  # noqa: N807
        if other.__class__ is not self.__class__:
            return NotImplemented
        return bool(values(self) == values(other))

    return __eq__


def _representation(every: tuple[Field[Any], ...]) -> Callable[[object], str]:
    names = tuple(each.name for each in every if each.repr)

    def __repr__(self: object) -> str:  # noqa: N807
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{self.__class__.__qualname__}({shown})"

    return __repr__


def _refuse_to_set(_self: object, name: str, _value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_self: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[object]:
    return [getattr(self, each.name) for each in fields(self)]


def _set_state(self: Any, state: list[object]) -> None:
    for each, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)
