"""A home with prices of its own and a route over them."""

from __future__ import annotations

from faregate.config.paths import Paths

CONFIG = """
[budget]
monthly = 20
[providers.sim]
kind = "openai"
base_url = "http://127.0.0.1:9/v1"
[prices."sim/cheap"]
input = 1
cached_input = 0.1
output = 2
[prices."sim/dear"]
input = 10
cached_input = 1
output = 20
tiers = [{ above_input = 200000, input = 20, output = 40 }]
windows = [{ days = ["sat", "sun"], start = "00:00", end = "12:00", multiplier = 2 }]
[models."sim/cheap"]
context = 128000
max_output = 8192
[routes.first]
models = ["auto-x"]
targets = ["sim/cheap", "sim/dear"]
"""


def configure(paths: Paths, more: str = "") -> None:
    """Write the configuration of a home."""
    paths.config.write_text(CONFIG + more)
