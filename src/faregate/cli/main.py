"""The entry point: runs a command, turns every failure into one sentence.

Imports almost nothing: `status --line` is called by status bars every second.
"""

from __future__ import annotations

import os
import sys

DEBUG_VARIABLE = "FAREGATE_DEBUG"


def main(argv: list[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments == ["status", "--line"]:
        from faregate.cli.status_line import print_line

        return print_line()
    try:
        return _run(arguments)
    except BrokenPipeError:
        # The reader went away. What is still buffered must not fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        # While the command itself was still being loaded.
        if os.environ.get(DEBUG_VARIABLE):
            raise
        sys.stderr.write("faregate: interrupted\n")
        return 130


def _run(arguments: list[str]) -> int:
    from faregate.cli.commands import faregate
    from faregate.cli.failures import report
    from faregate.control.calling import tell_children

    tell_children()
    try:
        code = faregate.main(arguments, prog_name="faregate", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:
        if os.environ.get(DEBUG_VARIABLE) or isinstance(error, BrokenPipeError):
            raise
        return report(error, as_json=_wants_json(arguments))
    return code if isinstance(code, int) else 0


def _wants_json(arguments: list[str]) -> bool:
    """Return whether --json is among our own arguments, before a command's own."""
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in own and own[:1] != ["run"]


if __name__ == "__main__":
    sys.exit(main())
