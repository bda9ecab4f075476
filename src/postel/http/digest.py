"""Digest (RFC 7616): proof of a password without sending it. Pure.

MD5, SHA-256 and SHA-512-256, each with its ``-sess``; quality of protection ``auth`` and
``auth-int``; the user's name hashed where the server can look it up so. Of several challenges the
strongest is answered. Servers of RFC 2069 (no qop) are answered as they know it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from ..errors import UsageError
from .challenges import Challenge, quoted

__all__ = ["Digest", "strongest"]

_ALGORITHMS = {"md5": "md5", "sha-256": "sha256", "sha-512-256": "sha512_256"}
_STRENGTH = ("md5", "sha-256", "sha-512-256")


def _plain(algorithm: str) -> str:
    return algorithm.lower().removesuffix("-sess")


def strongest(offered: Sequence[Challenge]) -> Challenge | None:
    """The Digest challenge that is best answered, or None.

    Example:
        >>> from .challenges import parse
        >>> best = strongest(parse(["Digest nonce=a, algorithm=MD5, Digest nonce=b, "
        ...                         "algorithm=SHA-256", "Basic"]))
        >>> best.params["nonce"]
        'b'
    """
    known = [one for one in offered if one.scheme == "digest" and one.params.get("nonce")
             and _plain(one.params.get("algorithm", "MD5")) in _ALGORITHMS
             and _protection(one.params) is not None]
    return max(known, default=None,
               key=lambda one: _STRENGTH.index(_plain(one.params.get("algorithm", "MD5"))))


def _protection(params: Mapping[str, str]) -> str | None:
    """``"auth"`` before ``"auth-int"``; "" for servers of RFC 2069; None where it is neither."""
    if "qop" not in params:
        return ""
    words = [word.strip().lower() for word in params["qop"].split(",")]
    return next((word for word in ("auth", "auth-int") if word in words), None)


class Digest:
    """Answers one challenge, any number of times.

    Args:
        challenge: of the server.

    Example:
        >>> challenge = Challenge("digest", {"realm": "http-auth@example.org", "qop": "auth",
        ...     "algorithm": "SHA-256", "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        ...     "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"})
        >>> value = Digest(challenge).value("Mufasa", "Circle of Life", "GET", "/dir/index.html",
        ...                                 "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", b"")
        >>> "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1" in value
        True
    """

    def __init__(self, challenge: Challenge) -> None:
        params = challenge.params
        self._realm = params.get("realm", "")
        self._nonce = params.get("nonce", "")
        self._opaque = params.get("opaque")
        self._algorithm = params.get("algorithm", "")
        self._hash = _ALGORITHMS[_plain(self._algorithm or "MD5")]
        self._session = self._algorithm.lower().endswith("-sess")
        self._qop = _protection(params)
        self._hides_user = params.get("userhash", "").lower() == "true"
        self._count = 0

    def refused(self, challenge: Challenge) -> bool:
        """Whether *challenge* is this one again: user or password are wrong."""
        return challenge.params.get("nonce") == self._nonce

    def informed(self, params: Mapping[str, str]) -> None:
        """Take the next nonce, if the server gives one."""
        if following := params.get("nextnonce"):
            self._nonce, self._count = following, 0

    def value(
        self, user: str, password: str, method: str, target: str, cnonce: str, body: bytes | None
    ) -> str:
        """The Authorization field (section 3.4).

        Raises:
            UsageError: the server wants the body in the proof, and it is not at hand.
        """
        self._count += 1
        count = f"{self._count:08x}"
        secret = self._h(f"{user}:{self._realm}:{password}")
        if self._session:
            secret = self._h(f"{secret}:{self._nonce}:{cnonce}")
        about = f"{method}:{target}"
        if self._qop == "auth-int":
            if body is None:
                raise UsageError("Digest with auth-int proves the body too: it must be bytes",
                                 hint="give content= as bytes")
            about = f"{about}:{self._hashed(body)}"
        middle = f"{self._nonce}:{count}:{cnonce}:{self._qop}" if self._qop else self._nonce
        return self._field(user, target, cnonce, count,
                           self._h(f"{secret}:{middle}:{self._h(about)}"))

    def _field(self, user: str, target: str, cnonce: str, count: str, response: str) -> str:
        name = self._h(f"{user}:{self._realm}") if self._hides_user else user
        if self._hides_user or name.isascii():
            parts = [f"username={quoted(name)}"]
        else:
            from urllib.parse import quote

            parts = [f"username*=UTF-8''{quote(name, safe='')}"]
        parts += [f"realm={quoted(self._realm)}", f"nonce={quoted(self._nonce)}",
                  f"uri={quoted(target)}", f'response="{response}"']
        if self._algorithm:
            parts.append(f"algorithm={self._algorithm}")
        if self._opaque is not None:
            parts.append(f"opaque={quoted(self._opaque)}")
        if self._qop:
            parts += [f"qop={self._qop}", f"nc={count}", f"cnonce={quoted(cnonce)}"]
        if self._hides_user:
            parts.append("userhash=true")
        return "Digest " + ", ".join(parts)

    def _h(self, text: str) -> str:
        return self._hashed(text.encode("utf-8", "surrogateescape"))

    def _hashed(self, data: bytes) -> str:
        return hashlib.new(self._hash, data, usedforsecurity=False).hexdigest()
