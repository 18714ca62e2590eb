"""A group whose first word may be left out."""

from __future__ import annotations

import click
from click.testing import CliRunner

from faregate.cli.showing import ShowsUnlessTold


@click.group(cls=ShowsUnlessTold)
def group() -> None:
    """A group."""


@group.command()
@click.argument("what", default="all")
def show(what: str) -> None:
    """Show."""
    click.echo(f"shown {what}")


@group.command(name="set")
def set_() -> None:
    """Set."""
    click.echo("set")


def test_what_names_no_subcommand_is_shown() -> None:
    def said(*arguments: str) -> str:
        return CliRunner().invoke(group, arguments).output.strip()

    assert said() == said("show") == "shown all"
    assert said("x") == said("show", "x") == "shown x"
    assert said("set") == "set"
    assert "A group." in said("--help")
