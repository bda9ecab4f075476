"""Who asks: Basic, Digest and Bearer as a server checks them (RFC 7617, 7616, 6750).

Service code. Nonces of Digest carry their time and a keyed hash of it, so that none need be kept;
what is kept is which counts of a nonce were used, against replay.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable

from ..secrets import Secret
from ..serving.server import Users
from .server_exchange import Exchange, Refusal
from .server_options import HTTPOptions

__all__ = ["Access"]

FRESH = 300.0
"""Seconds for which a nonce is good; then the client is told that it is stale, no more."""

MOST_NONCES = 10_000
"""Nonces whose counts are remembered; then the oldest are forgotten, and so become stale."""

_PARAMETER = re.compile(
    r'''\s*([!#-'*+.0-9A-Z^-z|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*(?:,|$)''')
_HASHES = {"SHA-256": hashlib.sha256, "MD5": hashlib.md5}


class Access:
    """Checks credentials.

    Args:
        users: who there is.
        options: what is offered, and when it is needed.
        clock: seconds since 1970.
    """

    def __init__(self, users: Users, options: HTTPOptions, clock: Callable[[], float]) -> None:
        self.users, self.options, self.clock = users, options, clock
        self._key = secrets.token_bytes(32)
        self._used: dict[str, set[str]] = {}

    def check(self, exchange: Exchange, *, writes: bool) -> None:
        """Find out who asks.

        Raises:
            Refusal: somebody must log in, or has tried and failed.
        """
        require = self.options.require
        sent = exchange.asked.get("authorization")
        if sent is not None and require != "never":
            scheme, _, rest = sent.strip().partition(" ")
            exchange.user = self._user(scheme.lower(), rest.strip(), exchange)
            return
        if require == "always" or (require == "write" and writes):
            raise self._challenge("log in first")

    def _user(self, scheme: str, rest: str, exchange: Exchange) -> str:
        if scheme not in self.options.auth or "authorization" in exchange.twice:
            raise self._challenge("log in another way")
        if scheme == "basic":
            return self._basic(rest)
        if scheme == "bearer":
            return self._bearer(rest)
        return self._digest(rest, exchange)

    def _challenge(self, why: str, *, stale: bool = False, error: str = "") -> Refusal:
        """401 with a challenge for each scheme, the strongest first (RFC 9110 section 11.6.1)."""
        realm = self.options.realm.replace("\\", "\\\\").replace('"', '\\"')
        fields = []
        for scheme in self.options.auth:
            if scheme == "basic":
                fields.append(f'Basic realm="{realm}", charset="UTF-8"')
            elif scheme == "bearer":
                fields.append(f'Bearer realm="{realm}"' + (f', error="{error}"' if error else ""))
            else:
                fields += [f'Digest realm="{realm}", qop="auth", algorithm={name}, '
                           f'nonce="{self._nonce()}"{", stale=true" if stale else ""}'
                           for name in self.options.algorithms]
        return Refusal(401, why, [("WWW-Authenticate", field) for field in fields])

    # -- Basic and Bearer ------------------------------------------------------------------

    def _basic(self, rest: str) -> str:
        try:
            data = base64.b64decode(rest, validate=True)
        except (binascii.Error, ValueError):
            raise self._challenge("that is no Basic") from None
        for charset in ("utf-8", "latin-1"):  # old clients send the latter
            name, _, password = data.decode(charset, "replace").partition(":")
            if self.users.check(name, password):
                return name
        raise self._challenge("wrong user or password")

    def _bearer(self, rest: str) -> str:
        for token, name in self.options.tokens.items():
            if Secret(token) == Secret(rest):
                return name
        raise self._challenge("wrong token", error="invalid_token")

    # -- Digest ----------------------------------------------------------------------------

    def _digest(self, rest: str, exchange: Exchange) -> str:
        given = {found[1].lower(): re.sub(r"\\(.)", r"\1", found[2]) if found[2] is not None
                 else found[3] for found in _PARAMETER.finditer(rest)}
        name, algorithm = given.get("username", ""), given.get("algorithm", "MD5").upper()
        target = exchange.raw + (f"?{exchange.query}" if exchange.query else "")
        nonce, count = given.get("nonce", ""), given.get("nc", "")
        password = self.users.find(name) or self.users.find(_utf8(name))
        if algorithm not in self.options.algorithms or given.get("realm") != self.options.realm:
            raise self._challenge("that is another Digest")
        if given.get("uri") != target or given.get("qop") != "auth" or password is None:
            raise self._challenge("wrong user or password")
        made = self._response(algorithm, name, password, exchange.method, given)
        if not hmac.compare_digest(made.encode(), given.get("response", "").encode("latin-1")):
            raise self._challenge("wrong user or password")
        if not self._is_fresh(nonce) or count in self._counts(nonce):
            raise self._challenge("again, please", stale=True)
        self._counts(nonce).add(count)
        return _utf8(name)

    def _response(
        self, algorithm: str, name: str, password: Secret, method: str, given: dict[str, str]
    ) -> str:
        """RFC 7616 section 3.4.1."""
        def digest(text: str) -> str:
            return _HASHES[algorithm](text.encode("latin-1", "replace")).hexdigest()

        revealed = password.reveal().encode().decode("latin-1")
        first = digest(f"{name}:{self.options.realm}:{revealed}")
        second = digest(f"{method}:{given['uri']}")
        return digest(":".join((first, given.get("nonce", ""), given.get("nc", ""),
                                given.get("cnonce", ""), "auth", second)))

    def _nonce(self) -> str:
        when = f"{int(self.clock() * 1000):x}{secrets.token_hex(4)}"
        return f"{when}.{self._sign(when)}"

    def _sign(self, text: str) -> str:
        return hmac.new(self._key, text.encode("latin-1", "replace"), "sha256").hexdigest()[:32]

    def _is_fresh(self, nonce: str) -> bool:
        when, _, sign = nonce.partition(".")
        if not hmac.compare_digest(self._sign(when), sign.encode("ascii", "replace").decode()):
            return False
        return self.clock() - int(when[:-8], 16) / 1000 < FRESH

    def _counts(self, nonce: str) -> set[str]:
        while len(self._used) > MOST_NONCES:
            del self._used[next(iter(self._used))]
        return self._used.setdefault(nonce, set())


def _utf8(name: str) -> str:
    """A name as its bytes mean it: header fields come as Latin-1."""
    try:
        return name.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return name
