"""Door checks: who may knock, and on what.

Everything is refused that is not known to be right: another Host, a browser, an
unknown path, a body that is not JSON. Reads no body and knows no money.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from faregate.core.approvals.endpoints import kind_of_path
from faregate.core.lean import lean
from faregate.core.refusal import Refusal, RefusalCode
from faregate.core.secret import LOCAL_TOKEN_PREFIX
from faregate.core.values import dataclass
from faregate.protocols.registry import codec_for
from faregate.server.claims import claim_of_headers, claim_of_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.core.facts import Work
    from faregate.core.identity import Claim
    from faregate.protocols.codec import Codec

_FORBIDDEN = re.compile(r"#|^[^?]*(?:%|//|\\|;|/\.)")
"""What no target may hold: anywhere, or in its path."""
_UNSENDABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_BASES = frozenset({"", "/", "/v1", "/v1/", "/v1beta", "/v1beta/"})
_MODEL_LISTS = ("/v1/models", "/v1beta/models")
_KEY_PARAMETERS = frozenset(
    {"key", "api_key", "api-key", "apikey", "access_token", "token"}
)


_WORK = {
    "batches": "batch jobs",
    "uploads": "stored files",
    "fine_tunes": "fine-tuning jobs",
    "media": "images, audio and video",
}


class Knock(StrEnum):
    """What a request at the door is about."""

    LIVENESS = "liveness"
    MODELS = "models"
    PROXY = "proxy"


@lean
@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A request that may come in, body unread."""

    knock: Knock
    path: str
    """Path without label prefixes."""
    query: str
    url: Claim
    labels: Claim
    codec: Codec | None = None
    work: Work | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """The checks, for one listening address."""

    hosts: frozenset[str]
    """Allowed Host values, lower case, with port."""

    def check(
        self, method: str, target: str, headers: Mapping[str, str]
    ) -> Entry | Refusal:
        """Let a request in or say why not.

        `target` is the raw request target, header names are lower case.
        """
        refusal = (
            _wrong_form(target, headers)
            or self._wrong_host(headers)
            or _browser(method, headers)
        )
        if refusal is not None:
            return refusal
        path, _, query = target.partition("?")
        url, rest = claim_of_path(path)
        if url is None or _FORBIDDEN.search(target):
            return _not_found(path)
        labels = claim_of_headers(headers)
        if isinstance(labels, Refusal):
            return labels
        refusal = _secret_in(query) or _socket(headers)
        if refusal is not None:
            return refusal
        prefix = path.removesuffix(rest)
        return _entry(method, rest, query, headers, url, labels, prefix)

    def _wrong_host(self, headers: Mapping[str, str]) -> Refusal | None:
        if headers.get("host", "").lower() in self.hosts:
            return None
        return Refusal(
            code=RefusalCode.MISDIRECTED,
            message="This Host is not served here; use "
            + " or ".join(sorted(self.hosts)),
        )


def _wrong_form(target: str, headers: Mapping[str, str]) -> Refusal | None:
    if not target.startswith("/"):
        return _bad(
            "Send the path only: this is no forward proxy. Set OPENAI_BASE_URL "
            "instead of HTTP_PROXY"
        )
    if not (target.isascii() and target.isprintable()):
        return _bad("The request target has characters that belong percent-encoded")
    if "".join(headers.values()).isprintable():
        return None
    for name, value in headers.items():
        # What is let in is sent on: no header may be one that cannot be sent.
        if not value.isprintable() and _UNSENDABLE.search(value):
            return _bad(f"{name[:100]} carries a control character or broken UTF-8")
    return None


def _browser(method: str, headers: Mapping[str, str]) -> Refusal | None:
    site = headers.get("sec-fetch-site", "none")
    if "origin" in headers or site != "none" or method == "OPTIONS":
        return Refusal(
            code=RefusalCode.FORBIDDEN, message="Web pages may not call Faregate"
        )
    return None


def _secret_in(query: str) -> Refusal | None:
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        named = unquote_plus(name).strip().lower() in _KEY_PARAMETERS
        if named or unquote_plus(value).strip().startswith(LOCAL_TOKEN_PREFIX):
            return Refusal(
                code=RefusalCode.UNAUTHORIZED,
                message="Send the key in a header; a key in the URL ends up in logs",
            )
    return None


def _socket(headers: Mapping[str, str]) -> Refusal | None:
    if "websocket" not in headers.get("upgrade", "").lower():
        return None
    return Refusal(
        code=RefusalCode.UPGRADE_REFUSED,
        message="WebSockets are not served; send plain HTTP requests",
    )


def _entry(
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    url: Claim,
    labels: Claim,
    prefix: str,
) -> Entry | Refusal:
    if method == "HEAD" and path in _BASES:
        return Entry(knock=Knock.LIVENESS, path=path, query="", url=url, labels=labels)
    if method == "GET" and _names_models(path):
        return Entry(knock=Knock.MODELS, path=path, query=query, url=url, labels=labels)
    found = codec_for("POST", path)
    if found is None and (":" in path or not _names_models(path)):
        return _not_found(path, f"http://{headers['host']}{prefix}")
    if found is None or method != "POST":
        return _wrong_method(method, path)
    wrong = _wrong_content(headers)
    if wrong is not None:
        return wrong
    codec, work = found
    return Entry(
        knock=Knock.PROXY,
        path=path,
        query=query,
        url=url,
        labels=labels,
        codec=codec,
        work=work,
    )


def _names_models(path: str) -> bool:
    return any(
        path == root or (path.startswith(root + "/") and len(path) > len(root) + 1)
        for root in _MODEL_LISTS
    )


def _wrong_content(headers: Mapping[str, str]) -> Refusal | None:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        return None
    return Refusal(
        code=RefusalCode.UNSUPPORTED_MEDIA_TYPE,
        message="Send the body as content-type: application/json",
    )


def _bad(message: str) -> Refusal:
    return Refusal(code=RefusalCode.BAD_REQUEST, message=message)


def _not_found(path: str, root: str = "") -> Refusal:
    """Refuse a path; `root` is the base URL with label prefixes but no version."""
    kind = kind_of_path(path)
    if kind is not None:
        return Refusal(
            code=RefusalCode.NOT_FOUND,
            message=f"{path[:200]} is not served: nothing bounds what {_WORK[kind]} "
            "cost, so the cap could not be kept",
        )
    wrong = _wrong_base(path, root) if root else None
    if wrong is not None:
        return Refusal(
            code=RefusalCode.NOT_FOUND,
            message=f"{path[:200]} is not served: {wrong}, as `faregate env AGENT` "
            "prints it",
        )
    return Refusal(
        code=RefusalCode.NOT_FOUND,
        message=f"{path[:200]} is not served. Faregate serves /v1/chat/completions, "
        "/v1/responses, /v1/messages, /v1/completions, /v1/embeddings, /v1/models "
        "and Gemini's generateContent",
    )


def _wrong_base(path: str, root: str) -> str | None:
    """Return what is wrong with a base URL that made this path, if that is clear."""
    if _is_served("/v1" + path):
        return f"the base URL lacks /v1. Set it to {root}/v1"
    if path.startswith("/v1/") and _is_served(path.removeprefix("/v1")):
        return f"the base URL has /v1 too much. Set it to {root}"
    return None


def _is_served(path: str) -> bool:
    return codec_for("POST", path) is not None or path in _MODEL_LISTS


def _wrong_method(method: str, path: str) -> Refusal:
    return Refusal(
        code=RefusalCode.METHOD_NOT_ALLOWED,
        message=f"{method[:20]} is not served on {path[:200]}",
    )
