"""Values that are built for every request, at less than half the usual cost.

Owns one class decorator; not for values that are built now and then. Large ones are
given by position in the one place where the gate builds them: by name that takes three
times as long, since a class gets names in a dictionary that is made for the call.
"""

from __future__ import annotations

from dataclasses import MISSING, field, fields, make_dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from dataclasses import Field

_T = TypeVar("_T")


def lean(cls: type[_T]) -> type[_T]:
    """Make a frozen dataclass cheap to build.

    A frozen one writes each field past the guard that it has itself put up. Here the
    guard is left to the type checker, which refuses every assignment.
    """
    own: tuple[Field[Any], ...] = fields(cls)  # type: ignore[arg-type]
    # Of the twin only this is used; what else is made for one takes time at the start.
    open_twin = make_dataclass(
        cls.__name__,
        [(item.name, item.type, _again(item)) for item in own],
        namespace={"__doc__": cls.__name__},
        repr=False,
        eq=False,
        match_args=False,
    )
    cls.__init__ = open_twin.__init__  # type: ignore[method-assign, misc]
    del cls.__setattr__, cls.__delattr__
    return cls


def _again(item: Field[Any]) -> Any:
    if item.default_factory is not MISSING:
        return field(default_factory=item.default_factory, kw_only=item.kw_only)
    return field(default=item.default, kw_only=item.kw_only)
