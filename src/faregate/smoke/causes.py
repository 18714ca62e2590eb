"""The causes that a refusal can have, as a person tells them apart."""

from __future__ import annotations

from enum import StrEnum


class Cause(StrEnum):
    """Why a request was refused, as far as a person can act on it."""

    KEY_REJECTED = "key rejected"
    KEY_MISSING = "no key sent"
    KEY_ELSEWHERE = "key is bound to another region"
    COUNTRY = "country refused"
    NO_PERMISSION = "no permission"
    WALLET_EMPTY = "wallet empty"
    MODEL_RETIRED = "model retired"
    MODEL_UNKNOWN = "model unknown"
    PATH_UNKNOWN = "path unknown"
    CONTEXT = "too long for the model"
    RATE_LIMITED = "rate limited"
    OVERLOADED = "overloaded"
    FILTERED = "filtered"
    BAD_REQUEST = "bad request"
    REDIRECTED = "redirected"
    BROKEN = "provider error"
