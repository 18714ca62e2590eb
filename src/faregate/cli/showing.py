"""A group of subcommands whose first word may be left out: it shows, then."""

from __future__ import annotations

import click


class ShowsUnlessTold(click.Group):
    """Shows what follows, unless that begins with the name of a subcommand."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the subcommand that shows before what names none."""
        if not args or args[0] not in {*self.commands, "--help", "-h"}:
            args = ["show", *args]
        return super().parse_args(ctx, args)
