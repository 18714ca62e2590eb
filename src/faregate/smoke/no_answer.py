"""Why an ordinary request did not work, as the finding of a probe."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from faregate.smoke.asking.transcript import Broke
from faregate.smoke.diagnosis import diagnose
from faregate.smoke.error_shape import Form, form_of, shown
from faregate.smoke.verdict import failed

if TYPE_CHECKING:
    from faregate.smoke.asking.target import SmokeTarget
    from faregate.smoke.asking.transcript import Transcript
    from faregate.smoke.diagnosis import Diagnosis
    from faregate.smoke.verdict import Finding

_NOTHING_WORKS = "no agent can use this target"
_BROKEN = {
    Broke.TIMEOUT: (
        "agents hang until their own timeout, and what was made may be billed",
        "try again later, or use another target",
    ),
    Broke.TOO_LARGE: (
        "an answer without an end fills an agent's memory and the bill",
        "do not use this target; ask the provider",
    ),
    Broke.CUT: (
        "a cut answer is billed, and agents send it again: it is paid twice",
        "try again; something between here and there may cut connections",
    ),
}


def no_answer(target: SmokeTarget, asked: Transcript) -> Finding:
    """Return the finding for an ordinary request that brought no usable answer.

    Its fact `answered` says that it tells nothing of what the probe is about.
    """
    seen = shown(asked, target.secret)
    told = _broken(target, asked)
    if told is not None:
        return failed(seen, *told, status=asked.status, answered=False)
    found = diagnosed(target, asked)
    if found is None:
        fix = "look at the answer with: faregate smoke-test --json"
        return failed(seen, _NOTHING_WORKS, fix, status=asked.status, answered=False)
    return failed(
        seen,
        f"{found.cause.value}: {_NOTHING_WORKS}",
        found.fix,
        status=asked.status,
        answered=False,
        cause=found.cause.value,
        error_class=found.error_class.value,
    )


def diagnosed(target: SmokeTarget, asked: Transcript) -> Diagnosis | None:
    """Return what an answer's error means; None where it states none."""
    if asked.status is None:
        return None
    body = asked.body
    if asked.stream and asked.error is not None and asked.status < 300:
        # What an event of a stream said, as the body that it would have been.
        inner = {"message": asked.error.message, "code": asked.error.code}
        body = json.dumps({"error": inner}).encode()
    return diagnose(
        target.spec,
        asked.status,
        body,
        model=target.model,
        secret=target.secret,
        keyless=target.key is None,
    )


def _broken(target: SmokeTarget, asked: Transcript) -> tuple[str, str] | None:
    url = target.base_url
    if asked.broke is Broke.UNREACHED:
        return _NOTHING_WORKS, f"check base_url {url} and the network"
    if asked.broke is not None:
        return _BROKEN[asked.broke]
    if asked.status is not None and 300 <= asked.status < 400:
        return _NOTHING_WORKS, f"set base_url to where {url} redirects to"
    if form_of(asked) is Form.PAGE:
        return _NOTHING_WORKS, (
            f"a web page answers at {url}: check base_url, or log in to your network"
        )
    return None
