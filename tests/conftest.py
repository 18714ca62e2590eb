"""What holds for every test."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# No clock decides a test; continuous integration asks the same questions each time,
# and a run by hand looks for new ones.
settings.register_profile(
    "faregate",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
settings.load_profile("faregate")
