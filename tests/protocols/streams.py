"""Feeding recorded streams to a meter, cut in every way."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import structs

from faregate.core.money import Money
from faregate.core.usage import Usage
from faregate.protocols.codec import Answer
from faregate.protocols.registry import by_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faregate.protocols.codec import Codec

GOLDEN = Path(__file__).parent / "golden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """One stream, what it must be read as, and what must be passed on."""

    codec: Codec
    name: str
    stream: bytes
    passed_on: bytes
    strip: bool
    flags: frozenset[str]
    answer: Answer

    def __str__(self) -> str:
        return f"{self.codec.name}-{self.name}"


def load_goldens() -> list[Golden]:
    return [_load(path) for path in sorted(GOLDEN.glob("*/*.json"))]


def _load(path: Path) -> Golden:
    expected = json.loads(path.read_text(encoding="utf-8"))
    codec = by_name(path.parent.name)
    assert codec is not None
    stream = path.with_suffix(".in").read_bytes()
    out = path.with_suffix(".out")
    return Golden(
        codec=codec,
        name=path.stem,
        stream=stream,
        passed_on=out.read_bytes() if out.exists() else stream,
        strip=expected.get("strip", False),
        flags=frozenset(expected.get("flags", ())),
        answer=Answer(
            usage=_usage(expected.get("usage")),
            input_usage=_usage(expected.get("input_usage")),
            **expected["answer"],
        ),
    )


def _usage(counts: dict[str, Any] | None) -> Usage | None:
    if counts is None:
        return None
    cost = counts.pop("reported_cost", None)
    return Usage(**counts, reported_cost=None if cost is None else Money.usd(cost))


def feed(golden: Golden, chunks: Iterable[bytes]) -> tuple[bytes, Answer]:
    """Feed chunks to a fresh meter; return what it passed on and what it read."""
    meter = golden.codec.meter(strip_usage=golden.strip, flags=golden.flags)
    passed_on = b"".join(meter.feed(chunk) for chunk in chunks)
    passed_on += meter.finish()
    return passed_on, meter.answer()


def differences(expected: Answer, got: Answer) -> dict[str, tuple[object, object]]:
    """The fields in which two answers differ, for a readable failure."""
    return {
        name: (getattr(expected, name), getattr(got, name))
        for name in Answer.__struct_fields__
        if getattr(expected, name) != getattr(got, name)
    }


def shown(answer: Answer) -> dict[str, Any]:
    """An answer as plain data."""
    return {
        name: asdict(value) if isinstance(value, Usage) else value
        for name, value in structs.asdict(answer).items()
    }
