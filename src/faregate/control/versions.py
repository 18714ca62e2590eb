"""Whether the proxy that runs and the program that asks are of one version. Pure."""

from __future__ import annotations

RESTART = "faregate down; faregate up"
UNKNOWN_ASK = (
    "the proxy that runs knows nothing of this: it is older than this program. To "
    f"replace it: {RESTART}"
)
_MISSING = "what only one of them knows is missing or refused"


def apart(version: str, build: str, *, own_version: str, own_build: str) -> str | None:
    """Return in a sentence that a proxy of `version` is another than this program.

    None where both are the same. A proxy that names no build is from before there
    were any.
    """
    if (version, build) == (own_version, own_build):
        return None
    theirs, ours = _numbers(version), _numbers(own_version)
    if theirs > ours:
        return (
            f"the proxy that runs is Faregate {version}, newer than this program "
            f"({own_version}): {_MISSING}. Use the newer program"
        )
    if theirs < ours:
        what = f"Faregate {version}, older than this program ({own_version})"
    elif build:
        what = "of another build than this program"
    else:
        what = "older than this program"
    return f"the proxy that runs is {what}: {_MISSING}. To replace it: {RESTART}"


def _numbers(version: str) -> tuple[int, ...]:
    """Return a version for comparison; what is no number ends it."""
    found: list[int] = []
    for part in version.split("."):
        if not part.isdigit():
            break
        found.append(int(part))
    return tuple(found)
