"""The list of subcommands; each is imported only when it is called."""

from __future__ import annotations

import importlib

import click

# Command, what it does: its module is `faregate.cli.<command>`, with underscores.
COMMANDS: dict[str, str] = {
    "up": "Start the proxy in the background.",
    "serve": "Run the proxy in the foreground.",
    "down": "Stop the proxy; what runs may finish.",
    "status": "Spend, sessions and what runs now.",
    "env": "Lines to eval in a shell, for any agent or one.",
    "run": "Run one agent through the gate, as a session of its own.",
    "budget": "Show or set caps.",
    "keys": "A key for each workspace: show, make or take back.",
    "limits": "Which limits hold, and where each came from; set them.",
    "pause": "Let nothing new through for a while.",
    "resume": "Let go on what was paused, stopped or at a limit.",
    "stop": "End a session at once; its agent is told.",
    "approve": "List what waits for approval; let one of them pass.",
    "deny": "Refuse what waits for approval.",
    "holds": "List money set aside; settle what nobody can tell.",
    "requests": "List the latest requests.",
    "sessions": "List the latest sessions.",
    "explain": "Tell each decision about one request.",
    "capture": "Keep what requests and answers say, and read it; off by default.",
    "report": "What was spent, by model, route, agent, task and more.",
    "export": "Write every attempt as CSV or JSON lines.",
    "outcome": "Say whether a session's task was accepted.",
    "audit": "Who changed a cap, approved, stopped or settled, and when.",
    "estimate": "What a workload will cost a month, by model and route.",
    "models": "List models that an agent can name.",
    "prices": "Which price counts for a model, and where it is from; set it.",
    "routes": "Which routes there are, and where a request would go.",
    "providers": "Which providers are known and have a key.",
    "smoke-test": "Ask a provider what agents will ask; say what does not work.",
    "config": "Check the configuration, print its path or its schema.",
    "replay": "A past span on the screen again, at any speed.",
    "web": "The screen in a browser on this machine.",
    "demo": "Watch scripted agents run through the gate; costs nothing.",
    "version": "Print the version.",
}


class Commands(click.Group):
    """A group that knows its commands without importing them."""

    def list_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - the signature is click's
    ) -> list[str]:
        """Return the commands in the order in which a person meets them."""
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - the signature is click's
        cmd_name: str,
    ) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        module = importlib.import_module(f"faregate.cli.{name}")
        command = getattr(module, name)
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest command for an unknown one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from faregate.config.problems import did_you_mean

            guess = did_you_mean(args[0], COMMANDS)
            raise click.UsageError(f"no command {args[0]!r}. {guess}".rstrip(), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - the signature is click's
        formatter: click.HelpFormatter,
    ) -> None:
        """List commands from the table, so that --help imports none of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--version", is_flag=True, help="Print the version.")
@click.pass_context
def faregate(ctx: click.Context, version: bool) -> int:
    """A fare gate for coding agents.

    Without a command: watch the proxy live; starts it when none runs.
    """
    if version:
        from faregate.cli.version import print_version

        print_version()
        return 0
    if ctx.invoked_subcommand is None:
        from faregate.cli.watch import watch

        return watch()
    return 0
