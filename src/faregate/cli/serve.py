"""`faregate serve`: run the proxy in the foreground."""

from __future__ import annotations

import contextlib
import gc
import logging
import os

import click

from faregate.cli import output
from faregate.collector import spare_the_collector
from faregate.config.load import load
from faregate.config.paths import find_paths

MOST_FILES = 10_240
"""Open files to ask the system for: each request in flight takes two or three, and
macOS gives no more."""


@click.command()
@click.option("--quiet", is_flag=True, help="Do not say where it listens.")
def serve(quiet: bool) -> int:
    """Run the proxy in the foreground until Ctrl-C or SIGTERM."""
    # Until it is ready, nothing but memory that stays is made.
    gc.disable()
    try:
        return _serve(quiet)
    finally:
        gc.enable()


def _serve(quiet: bool) -> int:
    paths = find_paths()
    settings = load(paths)
    _harden()
    _allow_many_connections()
    logging.basicConfig(
        level=logging.INFO if os.environ.get("FAREGATE_DEBUG") else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )

    def ready(url: str) -> None:
        spare_the_collector()
        gc.enable()
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


def _allow_many_connections() -> None:
    """Raise the limit on open files, as far as the system lets us."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = MOST_FILES
        if hard != resource.RLIM_INFINITY:
            wanted = min(MOST_FILES, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
