"""What waits for a person, as commands show it and find it by its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.cli import figures, output
from faregate.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.control.approvals import ApprovalList, ApprovalView, DecidedView

_ENDS = {
    "approved": "approved",
    "denied": "denied",
    "timed_out": "nobody answered in time",
    "unattended": "decided while nobody watched",
    "gone": "its agent hung up",
}


def waiting_lines(waiting: Sequence[ApprovalView]) -> list[str]:
    """Return a table of what waits, and what each is about."""
    if not waiting:
        return ["nothing waits for approval"]
    return output.table(
        ("ID", "LEFT", "AGENT", "MODEL", "ABOUT", "WHAT"),
        [
            (
                each.id,
                figures.seconds(each.left_s),
                each.agent or "-",
                each.model,
                "paid"
                if each.kind == "tool_calls"
                else f"~{figures.usd(each.estimate)}",
                each.calls[0] if each.calls else each.title,
            )
            for each in waiting
        ],
        align="<><<><",
    )


def card(view: ApprovalView) -> list[str]:
    """Return everything that a person needs to decide about one question."""
    lines = [f"{view.id}  {view.agent or 'an agent'} in session {view.session}"]
    lines += [f"  why    {reason.why}" for reason in view.reasons]
    lines += [f"  call   {call}" for call in view.calls]
    if not view.calls:
        about = (
            f"about {figures.usd(view.estimate)}, at most {figures.usd(view.at_most)}"
        )
        lines.append(f"  cost   {about}")
    lines.append(f"  model  {view.provider}/{view.model}")
    lines.append(f"  left   {figures.seconds(view.left_s)}; no answer is a no")
    return lines


def one(listed: ApprovalList, prefix: str) -> ApprovalView:
    """Return the one question that an id, or its beginning, names."""
    names = (prefix, f"apr_{prefix}")
    matching = [each for each in listed.waiting if each.id.startswith(names)]
    if len(matching) == 1:
        return matching[0]
    over = [each for each in listed.decided if each.id.startswith(names)]
    raise output.CliError(
        _none(prefix, matching, over),
        exit_code=ExitCode.FAILED,
        code="no_such_approval",
    )


def _none(
    prefix: str, matching: Sequence[ApprovalView], over: Sequence[DecidedView]
) -> str:
    if matching:
        return f"{len(matching)} requests wait whose ids begin with {prefix!r}"
    if over:
        return f"{over[0].id} is over: {_ENDS[over[0].decision]}"
    return f"nothing waits as {prefix!r}; faregate approve lists what does"
