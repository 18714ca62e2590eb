"""A bug in one request's turn in line is that request's alone."""

from __future__ import annotations

import pytest

from faregate.gateway.admission import Admitted
from tests.gateway.building import Bench, turn


async def test_who_fails_in_line_holds_nobody_else_up(bench: Bench) -> None:
    held = await bench.hold(90)
    broken = bench.start(50)
    await turn()
    bench.ledger.failing["hold"] = RuntimeError("a bug")
    bench.settle(held, 1)
    del bench.ledger.failing["hold"]
    with pytest.raises(RuntimeError, match="a bug"):
        await broken
    assert isinstance(await bench.start(95), Admitted)
    assert not bench.admission.waiting


async def test_a_client_that_leaves_as_its_turn_fails_leaves_nothing_behind(
    bench: Bench,
) -> None:
    held = await bench.hold(90)
    broken = bench.start(50)
    await turn()
    bench.ledger.failing["hold"] = RuntimeError("a bug")
    bench.settle(held, 1)
    del bench.ledger.failing["hold"]
    broken.cancel()
    await turn()
    assert broken.cancelled()
    assert not bench.admission.waiting
