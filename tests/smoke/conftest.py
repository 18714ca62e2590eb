"""A running simulated provider, and real clients of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from faregate.smoke.simulated.server import SimulatedProvider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def provider() -> AsyncIterator[SimulatedProvider]:
    simulated = SimulatedProvider()
    await simulated.start()
    yield simulated
    await simulated.stop()
