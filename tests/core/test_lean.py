from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from faregate.core.lean import lean


@lean
@dataclass(frozen=True, slots=True, kw_only=True)
class Lean:
    """A value with every kind of field."""

    name: str
    count: int = 3
    parts: list[int] = field(default_factory=list)


@lean
@dataclass(frozen=True, slots=True, order=True)
class Amount:
    """A value that is built by position."""

    pico: int = 0


def test_it_is_built_like_any_dataclass() -> None:
    one = Lean(name="a")
    assert (one.name, one.count, one.parts) == ("a", 3, [])
    assert one.parts is not Lean(name="a").parts
    assert repr(one) == "Lean(name='a', count=3, parts=[])"
    assert replace(one, count=4) == Lean(name="a", count=4)
    assert Amount(5).pico == Amount(pico=5).pico == 5
    assert Amount() < Amount(1)
    assert hash(Amount(1)) == hash(Amount(1))


def test_it_takes_what_the_class_says_and_nothing_else() -> None:
    with pytest.raises(TypeError, match="name"):
        Lean()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="positional"):
        Lean("a")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="other"):
        Lean(name="a", other=1)  # type: ignore[call-arg]


def test_it_has_no_room_for_more_and_travels() -> None:
    one = Lean(name="a", parts=[1])
    with pytest.raises(AttributeError):
        one.other = 1  # type: ignore[attr-defined]
    assert copy.deepcopy(one) == one
    assert pickle.loads(pickle.dumps(Amount(7))) == Amount(7)


def test_a_plain_one_keeps_its_guard() -> None:
    @dataclass(frozen=True, slots=True)
    class Plain:
        pico: int = 0

    with pytest.raises(FrozenInstanceError):
        Plain().pico = 1  # type: ignore[misc]
