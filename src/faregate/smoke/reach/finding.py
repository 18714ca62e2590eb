"""What a survey of addresses means, as the finding of a probe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.causes import Cause
from faregate.smoke.verdict import failed, passed, warned

if TYPE_CHECKING:
    from faregate.smoke.reach.survey import Reached, Survey
    from faregate.smoke.verdict import Fact, Finding

SLOW_S = 2.0
"""Seconds until TLS stands, after which each new connection is felt."""
_NOTHING_WORKS = "no agent can use this target"
_TOLD_HERE = frozenset({Cause.KEY_ELSEWHERE, Cause.COUNTRY})
"""What the place of the address explains; the rest is told by other probes."""


def finding_of(survey: Survey) -> Finding:
    """Return whether the configured address can be used from here."""
    own, facts = survey.own, _facts(survey)
    if own.trouble is not None:
        trouble = own.trouble
        seen = f"{trouble.step.value}: {trouble.sentence}{_elsewhere(survey)}"
        return failed(seen, _NOTHING_WORKS, trouble.fix, **facts)
    found = survey.diagnosis
    if found is not None and found.cause in _TOLD_HERE:
        means = f"{found.cause.value}: {_NOTHING_WORKS}"
        return failed(found.sentence, means, found.fix, **facts)
    seen = f"{_timed(own)}{_elsewhere(survey)}"
    if _until_tls(own) > SLOW_S:
        return warned(
            seen,
            "each new connection of an agent waits that long",
            "use a nearer region, if the provider has one",
            **facts,
        )
    return passed(seen, **facts)


def _until_tls(reached: Reached) -> float:
    way = reached.way
    return (way.dns_s or 0.0) + (way.tcp_s or 0.0) + (way.tls_s or 0.0)


def _timed(reached: Reached) -> str:
    way = reached.way
    steps = (("DNS", way.dns_s), ("TCP", way.tcp_s), ("TLS", way.tls_s))
    parts = [f"{name} {took * 1000:.0f} ms" for name, took in steps if took is not None]
    return f"{', '.join(parts)}, answered {reached.status}"


def _elsewhere(survey: Survey) -> str:
    parts = [f"{one.place.region} {_briefly(one)}" for one in survey.others]
    return f"; regions: {', '.join(parts)}" if parts else ""


def _briefly(reached: Reached) -> str:
    if reached.trouble is not None:
        return f"no {reached.trouble.step.value}"
    return f"{_until_tls(reached) * 1000:.0f} ms"


def _facts(survey: Survey) -> dict[str, Fact]:
    way = survey.own.way
    found: dict[str, Fact] = {
        "dns_s": _rounded(way.dns_s),
        "tcp_s": _rounded(way.tcp_s),
        "tls_s": _rounded(way.tls_s),
        "http_s": _rounded(survey.own.http_s),
        "status": survey.own.status,
        "region": survey.region,
    }
    if survey.diagnosis is not None:
        found["cause"] = survey.diagnosis.cause.value
    for one in survey.others:
        found[f"region_{one.place.region}"] = (
            one.trouble.step.value if one.trouble else "ok"
        )
    return found


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
