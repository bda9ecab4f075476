"""OAuth 2 as mail needs it: what is sent and what is answered (RFC 6749, 7636, 8628). Grammar.

Tokens and codes are `Secret`s from the moment they are read. Whatever the server says in an error
is shown, made safe to print; a token never is. Time and randomness come from outside.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..errors import AuthenticationError, PostelError, ProtocolError, TryLater, UsageError
from ..secrets import Secret
from ..urls import parse, quote, unquote
from ..wire.text import display
from .providers import Authority

__all__ = ["App", "DeviceCode", "Tokens", "authorization_url", "challenge_of", "parse_device",
           "parse_redirect", "parse_tokens", "pending"]

LARGEST = 65_536
"""Bytes of an answer."""

LONGEST_TOKEN = 16_384
_LONGEST_LIFE = 400 * 86_400
_MARGIN = timedelta(seconds=60)
_TOKEN = re.compile(r"[\x21-\x7e]+")  # RFC 6750 section 2.1, and what providers really give
_CODE = re.compile(r"[\x20-\x7e]{1,4096}")
_HINTS = {
    "invalid_grant": "the permission has ended or was taken back: log in again "
                     "(postel mail accounts login)",
    "invalid_client": "the provider does not know client_id with that client_secret",
    "unauthorized_client": "this client_id may not log in in this way: is it registered as a "
                           "desktop program, and for devices?",
    "invalid_scope": "this client_id may not ask for mail: add the scope where it is registered",
    "access_denied": "somebody said no on the provider's page",
    "expired_token": "the code was not entered in time: begin again",
    "consent_required": "an administrator of the organisation has to agree first",
    "redirect_uri_mismatch": "register http://127.0.0.1 (or http://localhost) as where to go back",
}


@dataclass(frozen=True, slots=True)
class App:
    """Who asks: this program, as the provider knows it.

    Args:
        authority: where tokens come from.
        client_id: what the provider calls this program.
        client_secret: some providers want one; of a program on a desk it is no secret.
        scopes: instead of the authority's own.
    """

    authority: Authority
    client_id: str
    client_secret: Secret | None = None
    scopes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.client_id:
            raise UsageError("log in by OAuth: there is no client_id",
                             hint="register a desktop program with the provider, and name its id")
        for url in (self.authority.authorize, self.authority.token, self.authority.device):
            if url and parse(url).scheme != "https":
                raise UsageError(f"log in by OAuth: {url} is not https",
                                 hint="tokens go over TLS alone")

    @property
    def scope(self) -> str:
        """The scopes as they are sent."""
        return " ".join(self.scopes or self.authority.scopes)

    def form(self, **fields: str) -> dict[str, str]:
        """A form for the authority, with who asks."""
        who = {"client_id": self.client_id}
        if self.client_secret:
            who["client_secret"] = self.client_secret.reveal()
        return {**fields, **who}


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a log-in came to.

    Args:
        access: goes to the mail server.
        refresh: gets the next one; None where the provider gives none.
        expires: when the access token ends; None where that is not told.
        scope: what it is good for, as far as that is told.

    Example:
        >>> from datetime import UTC
        >>> tokens = Tokens(Secret("vF9"), None, datetime(2026, 1, 1, tzinfo=UTC))
        >>> tokens, tokens.fresh(now=datetime(2025, 12, 31, tzinfo=UTC))
        (Tokens(access=Secret(***), refresh=None, expires=...), True)
    """

    access: Secret
    refresh: Secret | None = None
    expires: datetime | None = None
    scope: tuple[str, ...] = ()

    def fresh(self, *, now: datetime) -> bool:
        """Whether the access token is good for a minute more."""
        return self.expires is None or self.expires - _MARGIN > now

    def to_json(self) -> dict[str, Any]:
        """For the keyring alone: the secrets are in it."""
        return {"access": self.access.reveal(),
                "refresh": self.refresh.reveal() if self.refresh else None,
                "expires": self.expires.isoformat() if self.expires else None,
                "scope": list(self.scope)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Tokens:
        """What `to_json` gave.

        Raises:
            ProtocolError: it is something else.
        """
        try:
            expires = record["expires"]
            return cls(Secret(str(record["access"])),
                       Secret(str(record["refresh"])) if record["refresh"] else None,
                       datetime.fromisoformat(expires) if expires else None,
                       tuple(map(str, record["scope"])))
        except (KeyError, TypeError, ValueError):
            raise ProtocolError("the tokens that were kept make no sense",
                                hint="log in again: postel mail accounts login") from None


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What a person is shown who logs in by another device (RFC 8628 section 3.2).

    Args:
        code: what this program asks with.
        user_code: what the person types.
        url: where.
        whole_url: the same with the code in it; "" where there is none.
        expires: until when.
        interval: seconds between two questions.
    """

    code: Secret
    user_code: str
    url: str
    whole_url: str
    expires: datetime
    interval: float


def challenge_of(verifier: str) -> str:
    """What goes ahead of a verifier (RFC 7636 section 4.2).

    Example:
        >>> challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")  # its appendix B
        'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def authorization_url(app: App, *, redirect: str, state: str, challenge: str,
                      address: str = "") -> str:
    """The page where a person says yes.

    Args:
        app: who asks.
        redirect: where the answer goes.
        state: what the answer must carry.
        challenge: from `challenge_of`.
        address: whose mail it is about.
    """
    fields = {"response_type": "code", "client_id": app.client_id, "redirect_uri": redirect,
              "scope": app.scope, "state": state, "code_challenge": challenge,
              "code_challenge_method": "S256", **dict(app.authority.extra)}
    if address:
        fields["login_hint"] = address
    query = "&".join(f"{name}={quote(value)}" for name, value in fields.items())
    mark = "&" if "?" in app.authority.authorize else "?"
    return f"{app.authority.authorize}{mark}{query}"


def parse_redirect(query: str, state: str) -> Secret | None:
    """The code in an answer; None where the answer is not to our question.

    Args:
        query: of the URL that the browser was sent to.
        state: what was asked with.

    Raises:
        AuthenticationError: the provider says no.

    Example:
        >>> parse_redirect("code=abc&state=xyz", "xyz"), parse_redirect("code=abc&state=no", "xyz")
        (Secret(***), None)
    """
    found: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name in found:
            return None  # given twice (RFC 6749 section 3.1): not from an honest server
        try:
            found[name] = unquote(value.replace("+", " "))
        except UsageError:
            return None
    told = found.get("state", "").encode("utf-8", "surrogatepass")
    if not hmac.compare_digest(told, state.encode()):
        return None
    if "error" in found:
        raise refusal(found, "log in by OAuth")
    code = found.get("code", "")
    return Secret(code) if _CODE.fullmatch(code) else None


def parse_device(status: int, body: bytes, *, now: datetime) -> DeviceCode:
    """The answer to a device's first question.

    Args:
        status: of the answer.
        body: of the answer.
        now: date and time.

    Raises:
        AuthenticationError: the provider says no.
        ProtocolError: the answer makes no sense.
    """
    what = "ask for a device code"
    record = _record(status, body, what)
    url = record.get("verification_uri") or record.get("verification_url")  # Google's own word
    words = [_text(record.get("device_code")), _text(record.get("user_code")), _text(url)]
    if not all(words):
        raise ProtocolError(f"{what}: the answer lacks the code or the page")
    for one in (words[2], _text(record.get("verification_uri_complete"))):
        if one and not one.startswith(("https:", "http:")):
            raise ProtocolError(f"{what}: {display(one[:80])} is no page")
    life = _number(record.get("expires_in"), 900.0)
    return DeviceCode(Secret(words[0]), words[1], words[2],
                      _text(record.get("verification_uri_complete")),
                      now + timedelta(seconds=min(life, 3600.0)),
                      min(_number(record.get("interval"), 5.0), 60.0))


def pending(status: int, body: bytes) -> float | None:
    """While a person has not said yes: how many seconds more to wait each time; else None.

    Example:
        >>> pending(400, b'{"error": "slow_down"}'), pending(200, b'{"access_token": "x"}')
        (5.0, None)
    """
    if status < 400:
        return None
    try:
        record = json.loads(body)
    except (ValueError, RecursionError):
        return None
    error = record.get("error") if isinstance(record, dict) else None
    return {"authorization_pending": 0.0, "slow_down": 5.0}.get(error) if isinstance(
        error, str) else None


def parse_tokens(status: int, body: bytes, *, now: datetime, app: App,
                 before: Tokens | None = None) -> Tokens:
    """The tokens in an answer.

    Args:
        status: of the answer.
        body: of the answer.
        now: date and time.
        app: who asked.
        before: what there was, when they are refreshed: providers that do not rotate refresh
            tokens leave it out.

    Raises:
        AuthenticationError: the provider says no, or gave less than mail needs.
        ProtocolError: the answer makes no sense.
        TryLater: the provider is out of order.
    """
    what = "refresh the token" if before else "get a token"
    record = _record(status, body, what)
    access, kind = _text(record.get("access_token")), _text(record.get("token_type"))
    if not access or not _TOKEN.fullmatch(access) or len(access) > LONGEST_TOKEN:
        raise ProtocolError(f"{what}: the answer has no access token")
    if kind.lower() not in ("bearer", ""):
        raise ProtocolError(f"{what}: a token of type {display(kind[:40])}, which mail servers "
                            "do not take")
    refresh = _text(record.get("refresh_token"))
    if refresh and (not _TOKEN.fullmatch(refresh) or len(refresh) > LONGEST_TOKEN):
        raise ProtocolError(f"{what}: the refresh token is none")
    scope = tuple(_text(record.get("scope")).split())
    _check_scope(scope, app, what)
    life = record.get("expires_in")
    expires = None if life is None else now + timedelta(
        seconds=min(_number(life, 3600.0), _LONGEST_LIFE))
    old, known = (before.refresh, before.scope) if before else (None, ())
    return Tokens(Secret(access), Secret(refresh) if refresh else old, expires, scope or known)


def _check_scope(scope: Iterable[str], app: App, what: str) -> None:
    """A provider may give less than was asked for (RFC 6749 section 5.1); then mail refuses it."""
    given = {one.lower().rstrip("/").rpartition("/")[2] for one in scope}
    wanted = {one for one in app.scope.split() if one != "offline_access"}
    lacking = [one for one in sorted(wanted)
               if one.lower().rstrip("/").rpartition("/")[2] not in given]
    if given and len(lacking) == len(wanted) and wanted:
        shown = display(" ".join(scope)[:200])
        raise AuthenticationError(
            f"{what}: the provider gave a token for {shown}, and mail needs {' '.join(lacking)}",
            hint="say yes to everything on its page; and add that scope where client_id is "
                 "registered")


def refusal(record: Mapping[str, Any], what: str) -> AuthenticationError:
    """The provider's no, in its own words (RFC 6749 sections 4.1.2.1 and 5.2)."""
    error = _text(record.get("error")) or "no reason"
    told = _text(record.get("error_description")).strip()
    text = display(f"{error[:80]}: {told[:500]}" if told else error[:80])
    return AuthenticationError(f"{what}: the provider says {text}", text=text,
                               hint=_HINTS.get(error, ""))


def _record(status: int, body: bytes, what: str) -> dict[str, Any]:
    """The JSON of an answer that is a success."""
    try:
        record = json.loads(body[:LARGEST])
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        error: type[PostelError] = TryLater if status >= 500 or status == 429 else ProtocolError
        raise error(f"{what}: the provider answers {status} with something that is no JSON object",
                    hint="is that the address for tokens?" if status < 500 else "try later")
    if status != 200 or "error" in record:
        if status >= 500 or status == 429:
            raise TryLater(f"{what}: {refusal(record, str(status))}", temporary=True)
        raise refusal(record, what)
    return record


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any, otherwise: float) -> float:
    """Seconds; some providers write them as text."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return otherwise
    return number if 0 <= number < 1e12 else otherwise
