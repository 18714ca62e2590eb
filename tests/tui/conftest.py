from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.control.fake_proxy import FakeProxy, running
from tests.control.scenes import busy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[FakeProxy]:
    """A fake proxy with five agents at work."""
    with running(FakeProxy(tmp_path / "s", busy())) as fake:
        yield fake
