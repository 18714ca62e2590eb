"""A home whose gate is a real one: a free port, a provider that is nobody."""

from __future__ import annotations

import socket

from faregate.config.paths import Paths

CONFIG = """
[server]
port = {port}
drain = "1s"
[providers.sim]
kind = "openai"
base_url = "http://127.0.0.1:{provider}/v1"
protocols = ["openai_chat", "openai_responses", "anthropic_messages"]
[prices."sim/gpt-x"]
input = 1.0
output = 10.0
[routes.everything]
models = ["gpt-x"]
targets = ["sim/gpt-x"]
"""


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def configure(paths: Paths, *, provider: int = 9) -> int:
    """Write a configuration for one real gate; return its port."""
    port = free_port()
    paths.config.write_text(CONFIG.format(port=port, provider=provider))
    return port
