"""`faregate version`."""

from __future__ import annotations

import platform

import click

from faregate.cli import output


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def version(as_json: bool) -> int:
    """Print the version."""
    print_version(as_json=as_json)
    return 0


def print_version(*, as_json: bool = False) -> None:
    """Print the version of Faregate, and of Python for bug reports."""
    from faregate import __version__

    if as_json:
        python = platform.python_version()
        output.document({"version": __version__, "python": python})
    else:
        output.result(f"faregate {__version__}")
