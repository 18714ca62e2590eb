"""What is loaded is left alone, in a process of its own: it would stay so in this."""

from __future__ import annotations

import subprocess
import sys

from faregate.collector import OBJECTS_BETWEEN_COLLECTIONS

PROGRAM = """
import gc
from faregate.collector import spare_the_collector
gc.disable()
spare_the_collector()
print(gc.get_freeze_count() > 0, gc.isenabled(), *gc.get_threshold())
"""


def test_what_is_loaded_is_left_alone_and_the_rest_looked_at_less_often() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=True,
    )
    first = str(OBJECTS_BETWEEN_COLLECTIONS)
    assert done.stdout.split() == ["True", "False", first, "20", "20"]
