"""Door checks: who may knock, and on what.

Everything is refused that is not known to be right: another Host, a browser, an
unknown path, a body that is not JSON. Reads no body and knows no money.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from faregate.core.identity import Claim, is_name
from faregate.core.labels import Labels
from faregate.core.refusal import Refusal, RefusalCode
from faregate.protocols.registry import codec_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.core.facts import Work
    from faregate.protocols.codec import Codec

_PREFIXES = {"w": "workspace", "s": "session", "a": "agent"}
_LABEL_HEADERS = ("workspace", "agent", "user", "task", "customer", "feature")
_FORBIDDEN_IN_PATH = ("%", "//", "\\", ";", "/.", "\x00")


class Knock(StrEnum):
    """What a request at the door is about."""

    LIVENESS = "liveness"
    MODELS = "models"
    PROXY = "proxy"


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
        """Let a request in or say why not; `target` is the raw request target."""
        stranger = self._stranger(target, headers)
        if stranger is not None:
            return stranger
        path, _, query = target.partition("?")
        if "#" in query or any(bad in path for bad in _FORBIDDEN_IN_PATH):
            return _not_found(path)
        url, rest = _claim_of_path(path)
        if url is None:
            return _not_found(path)
        labels = _claim_of_headers(headers)
        if isinstance(labels, Refusal):
            return labels
        return self._entry(method, rest, query, headers, url, labels)

    def _stranger(self, target: str, headers: Mapping[str, str]) -> Refusal | None:
        if not target.startswith("/"):
            return Refusal(
                code=RefusalCode.BAD_REQUEST,
                message="Send the path only: this is no forward proxy. Set "
                "OPENAI_BASE_URL instead of HTTP_PROXY",
            )
        if headers.get("host", "").lower() not in self.hosts:
            return Refusal(
                code=RefusalCode.MISDIRECTED,
                message="This Host is not served here; use "
                + " or ".join(sorted(self.hosts)),
            )
        site = headers.get("sec-fetch-site", "none")
        if "origin" in headers or site != "none":
            return Refusal(
                code=RefusalCode.FORBIDDEN,
                message="Web pages may not call Faregate",
            )
        return None

    def _entry(
        self,
        method: str,
        path: str,
        query: str,
        headers: Mapping[str, str],
        url: Claim,
        labels: Claim,
    ) -> Entry | Refusal:
        if method == "HEAD" and path in {"", "/", "/v1", "/v1beta"}:
            return Entry(
                knock=Knock.LIVENESS, path=path, query="", url=url, labels=labels
            )
        if method == "OPTIONS":
            return Refusal(
                code=RefusalCode.FORBIDDEN, message="Web pages may not call Faregate"
            )
        if "upgrade" in headers and method == "GET":
            return Refusal(
                code=RefusalCode.UPGRADE_REFUSED,
                message="WebSockets are not served; send plain HTTP requests",
            )
        if _is_model_list(path):
            if method != "GET":
                return _wrong_method(method, path)
            return Entry(
                knock=Knock.MODELS, path=path, query=query, url=url, labels=labels
            )
        found = codec_for("POST", path)
        if found is None:
            return _not_found(path)
        if method != "POST":
            return _wrong_method(method, path)
        if _has_key_in(query):
            return Refusal(
                code=RefusalCode.UNAUTHORIZED,
                message="Send the key in a header; a key in the URL ends up in logs",
            )
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


def _claim_of_path(path: str) -> tuple[Claim | None, str]:
    """Split label prefixes off a path; None when a prefix names nothing valid."""
    found: dict[str, str] = {}
    rest = path
    while len(rest) > 2 and rest[0] == "/" and rest[2] == "/" and rest[1] in _PREFIXES:
        kind = _PREFIXES[rest[1]]
        name, slash, tail = rest[3:].partition("/")
        if kind in found or not is_name(name):
            return None, path
        found[kind] = name
        rest = slash + tail
    return (
        Claim(
            session=found.get("session"),
            labels=Labels(workspace=found.get("workspace"), agent=found.get("agent")),
        ),
        rest,
    )


def _claim_of_headers(headers: Mapping[str, str]) -> Claim | Refusal:
    found: dict[str, str] = {}
    for name in (*_LABEL_HEADERS, "session"):
        value = headers.get(f"x-faregate-{name}")
        if value is None:
            continue
        if not is_name(value):
            return Refusal(
                code=RefusalCode.BAD_REQUEST,
                message=f"x-faregate-{name} must be 1 to 128 of A-Z a-z 0-9 . _ @ : "
                "+ - and begin with a letter or digit",
                param=f"x-faregate-{name}",
            )
        found[name] = value
    session = found.pop("session", None)
    return Claim(session=session, labels=Labels(**found))


def _is_model_list(path: str) -> bool:
    for root in ("/v1/models", "/v1beta/models"):
        if path == root or (path.startswith(root + "/") and ":" not in path):
            return True
    return False


def _has_key_in(query: str) -> bool:
    return any(
        part.partition("=")[0].lower() in {"key", "api_key", "api-key", "access_token"}
        for part in query.split("&")
    )


def _wrong_content(headers: Mapping[str, str]) -> Refusal | None:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        return Refusal(
            code=RefusalCode.UNSUPPORTED_MEDIA_TYPE,
            message="Send the body as content-type: application/json",
        )
    return None


def _not_found(path: str) -> Refusal:
    return Refusal(
        code=RefusalCode.NOT_FOUND,
        message=f"{path[:200]} is not served. Faregate serves /v1/chat/completions, "
        "/v1/responses, /v1/messages, /v1/completions, /v1/embeddings, /v1/models "
        "and Gemini's generateContent",
    )


def _wrong_method(method: str, path: str) -> Refusal:
    return Refusal(
        code=RefusalCode.METHOD_NOT_ALLOWED,
        message=f"{method} is not served on {path[:200]}",
    )
