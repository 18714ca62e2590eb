"""`faregate serve`: run the proxy in the foreground."""

from __future__ import annotations

import contextlib
import logging
import os

import click

from faregate.cli import output
from faregate.config.load import load
from faregate.config.paths import find_paths


@click.command()
@click.option("--quiet", is_flag=True, help="Do not say where it listens.")
def serve(quiet: bool) -> int:
    """Run the proxy in the foreground until Ctrl-C or SIGTERM."""
    paths = find_paths()
    settings = load(paths)
    _harden()
    logging.basicConfig(
        level=logging.INFO if os.environ.get("FAREGATE_DEBUG") else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )

    def ready(url: str) -> None:
        if not quiet:
            output.note(f"faregate: listening on {url}; Ctrl-C stops it")

    # Loaded here: everything else starts without the engine.
    from faregate.daemon import serve as serve_proxy

    return serve_proxy(settings, paths, on_ready=ready)


def _harden() -> None:
    """Keep files private and keys out of core dumps."""
    os.umask(0o077)
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
