"""Credentials for HTTP: Basic, Digest, Bearer (RFC 9110 section 11; RFC 7617, 7616, 6750). Pure.

A `Login` is bound by who holds it to one origin. It sends nothing until a server asks, unless it
was told which scheme to use; once let in, it goes on without being asked.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import UsageError
from ..secrets import Secret, password_from
from ..urls import URL
from .challenges import Challenge, parameters
from .digest import Digest, strongest
from .headers import Headers

__all__ = ["Auth", "Login", "login_of"]

Auth = str | tuple[str, str | Secret | Callable[[], str | Secret]] | Callable[
    [str, URL], Mapping[str, str]] | None
"""``"basic"``, ``"digest"``, ``"bearer"``; user and password; or a function of method and URL
that returns fields."""

_KINDS = ("auto", "basic", "digest", "bearer")


class Login:
    """How to be let in.

    Args:
        user: the name; for a bearer token None.
        password: the password or token, or a function that gives it when it is needed.
        kind: ``"basic"``, ``"digest"``, ``"bearer"``, or ``"auto"``: the best that is asked for.
        sign: gives fields for each request, instead of all that.

    Example:
        >>> Login("Aladdin", Secret("open sesame"), "basic").value("GET", "/", b"")
        'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='
    """

    def __init__(
        self,
        user: str | None,
        password: str | Secret | Callable[[], str | Secret] | None,
        kind: str = "auto",
        sign: Callable[[str, URL], Mapping[str, str]] | None = None,
    ) -> None:
        if kind not in _KINDS:
            raise UsageError(f"auth={kind!r} is not known", hint=f"one of {', '.join(_KINDS[1:])}, "
                             "a pair of user and password, or a function")
        if kind != "bearer" and user is not None and ":" in user and kind == "basic":
            raise UsageError("a user's name with a colon cannot log in by Basic (RFC 7617)")
        self.user, self._password = user, password
        self._kind = kind
        self._sign = sign
        self._chosen = kind if kind in ("basic", "bearer") else ""
        self._digest: Digest | None = None

    def __repr__(self) -> str:
        return f"Login({self.user!r}, ***, {self._kind!r})"

    @property
    def reveals(self) -> bool:
        """Whether what goes out now gives the password to whoever listens."""
        return self._chosen in ("basic", "bearer")

    def unasked(self) -> Login:
        """Begin with Basic, as proxies expect it; who wants Digest can still say so."""
        self._chosen = "basic"
        return self

    def _secret(self) -> str:
        password = password_from(self._password)
        return "" if password is None else password.reveal()

    def value(self, method: str, target: str, fresh: bytes, body: bytes | None = b"") -> str:
        """The Authorization field for a request; "" while nobody has asked for one.

        Args:
            method: of the request.
            target: path and query as they are sent.
            fresh: random bytes, printable.
            body: the content, for Digest with auth-int; None where it is not at hand.
        """
        if self._chosen == "basic":
            return basic(self.user or "", self._secret())
        if self._chosen == "bearer":
            return f"Bearer {_token(self._secret())}"
        if self._chosen == "digest" and self._digest is not None:
            return self._digest.value(self.user or "", self._secret(), method, target,
                                      fresh.decode("ascii"), body)
        return ""

    def further(self, method: str, url: URL) -> list[tuple[str, str]]:
        """Fields that a caller's own function adds."""
        return list(Headers.to_send(self._sign(method, url)).pairs) if self._sign else []

    def challenged(self, offered: Sequence[Challenge], tried: set[str]) -> bool:
        """The server wants a log-in; whether another try makes sense.

        Args:
            offered: its challenges.
            tried: what was answered within this request already; it is added to.
        """
        if self._sign is not None or self._kind == "bearer":
            return False
        digest = strongest(offered) if self._kind in ("auto", "digest") else None
        if digest is not None:
            stale = digest.params.get("stale", "").lower() == "true"
            if "digest" in tried and not (stale and "stale" not in tried):
                return False
            if self._digest is not None and not stale and self._digest.refused(digest):
                pass  # a new nonce without "stale": tell the user and password once more
            tried.update({"digest", "stale"} if stale else {"digest"})
            self._digest, self._chosen = Digest(digest), "digest"
            return True
        basic_offered = any(one.scheme == "basic" for one in offered)
        if self._kind == "auto" and basic_offered and self._chosen != "basic":
            self._chosen = "basic"
            return True
        return False

    def informed(self, info: str) -> None:
        """The server's Authentication-Info: the next nonce (RFC 7616 section 3.5)."""
        if self._digest is not None:
            self._digest.informed(parameters(info))


def basic(user: str, password: str) -> str:
    """The credentials of Basic, in UTF-8 (RFC 7617 section 2.1).

    Raises:
        UsageError: the user's name has a colon.

    Example:
        >>> basic("test", "123£")
        'Basic dGVzdDoxMjPCow=='
    """
    if ":" in user:
        raise UsageError("a user's name with a colon cannot log in by Basic (RFC 7617)")
    raw = f"{user}:{password}".encode("utf-8", "surrogateescape")
    return f"Basic {base64.b64encode(raw).decode()}"


def _token(text: str) -> str:
    if not text.isascii() or not text.isprintable() or " " in text or not text:
        raise UsageError("a bearer token is one word of ASCII", hint="is a line end left on it?")
    return text


def login_of(
    auth: Any, user: str | None, password: str | Secret | Callable[[], str | Secret] | None
) -> Login | None:
    """The log-in that ``auth=``, ``user=`` and ``password=`` describe; None where none.

    Raises:
        UsageError: they make no sense together.

    Example:
        >>> login_of(("ann", "hush"), None, None)
        Login('ann', ***, 'auto')
    """
    if isinstance(auth, Login):
        return auth
    if isinstance(auth, tuple):
        return Login(auth[0], auth[1])
    if callable(auth):
        return Login(None, None, sign=auth)
    if auth == "bearer":
        if password is None:
            raise UsageError("auth=\"bearer\" needs the token", hint="give it as password=")
        return Login(None, password, "bearer")
    if user is None:
        if auth is not None:
            raise UsageError(f"auth={auth!r} needs a user", hint="give user= and password=")
        return None
    return Login(user, password, auth or "auto")
