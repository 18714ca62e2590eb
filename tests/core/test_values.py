"""What is made here behaves like what the standard library makes."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import FrozenInstanceError, asdict, field, fields, replace
from typing import Any, Generic, TypeVar

import pytest

from faregate.core.values import dataclass

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours(Generic[T]):
    """A value with every kind of field."""

    name: str
    count: int = 3
    parts: list[int] = field(default_factory=list)
    hidden: str = field(default="h", repr=False)
    beside: T | None = field(default=None, compare=False)
    made: int = field(default=7, init=False)
    kept: list[int] = field(default_factory=list, init=False)
    positive: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "positive", self.count > 0)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Theirs(Generic[T]):
    """The same."""

    name: str
    count: int = 3
    parts: list[int] = field(default_factory=list)
    hidden: str = field(default="h", repr=False)
    beside: T | None = field(default=None, compare=False)
    made: int = field(default=7, init=False)
    kept: list[int] = field(default_factory=list, init=False)
    positive: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "positive", self.count > 0)


@dataclass(frozen=True, slots=True)
class Pair:
    left: int
    right: int = 2


@dataclass(frozen=True, slots=True)
class Nothing:
    """A value without fields."""


@dataclass(frozen=True, slots=True)
class Own:
    """A value that compares and shows itself."""

    text: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Own) and self.text.lower() == other.text.lower()

    def __hash__(self) -> int:
        return hash(self.text.lower())

    def __repr__(self) -> str:
        return "own"


BOTH = pytest.mark.parametrize("kind", [Ours, Theirs])


@BOTH
def test_it_is_built_shown_and_compared(kind: Any) -> None:
    one = kind(name="a", beside=1)
    assert repr(one) == (
        f"{kind.__name__}(name='a', count=3, parts=[], beside=1, made=7, kept=[], "
        "positive=True)"
    )
    assert one == kind(name="a", beside=2)
    assert one != kind(name="a", hidden="x")
    assert one != Pair(1)
    assert one.parts is not kind(name="a").parts
    assert not kind(name="a", count=0).positive
    assert [each.name for each in fields(kind)] == list(asdict(one))
    assert kind.__match_args__ == ()
    assert not hasattr(one, "__dict__")


@BOTH
def test_it_cannot_be_changed_but_copied(kind: Any) -> None:
    one = kind(name="a", parts=[1])
    for name in ("name", "other"):
        with pytest.raises((FrozenInstanceError, TypeError)):
            setattr(one, name, 1)
    with pytest.raises(FrozenInstanceError):
        del one.name
    assert replace(one, count=4) == kind(name="a", parts=[1], count=4)
    with pytest.raises(TypeError, match="other"):
        replace(one, other=4)
    for other in (copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert other == one
        assert other.parts is not one.parts
    assert copy.copy(one).parts is one.parts


@BOTH
def test_what_is_missing_or_too_much_is_told(kind: Any) -> None:
    with pytest.raises(TypeError, match=r"__init__\(\) missing .*'name'"):
        kind()
    with pytest.raises(TypeError, match="positional"):
        kind("a")
    with pytest.raises(TypeError, match="made"):
        kind(name="a", made=1)


def test_values_are_keys() -> None:
    assert {Pair(1), Pair(1, 2), Pair(2)} == {Pair(1), Pair(left=2)}
    assert len({Nothing(), Nothing()}) == 1
    assert repr(Nothing()) == "Nothing()"
    with pytest.raises(TypeError, match="unhashable"):
        hash(Ours[int](name="a"))
    match Pair(1):
        case Pair(left, right):
            assert (left, right) == (1, 2)


def test_what_a_class_says_itself_stays() -> None:
    assert Own("A") == Own("a")
    assert len({Own("A"), Own("a")}) == 1
    assert repr(Own("A")) == "own"
    assert replace(Own("A"), text="b") != Own("A")


def test_others_are_made_by_the_library() -> None:
    @dataclass(slots=True)
    class Open:
        count: int = 0

    @dataclass(frozen=True, slots=True, order=True)
    class Ordered:
        count: int = 0

    made = Open()
    made.count += 1
    assert made == Open(1)
    assert Ordered(1) < Ordered(2)
    with pytest.raises(FrozenInstanceError):
        Ordered().count = 1  # type: ignore[misc]
