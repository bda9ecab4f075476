"""The server's side of SASL, for the lab: the same mechanisms, seen from the other end.

Grammar: pure generators. An `Exchange` yields challenges, is sent responses, both decoded, and
its value is the name of the user; the conventions are told in `postel.wire.sasl`.
"""

from __future__ import annotations

import hmac
import re
from typing import NamedTuple

from ..errors import AuthenticationError, NotSupported, ProtocolError
from ..secrets import Secret
from .sasl_mechanisms import cram_digest
from .sasl_scram import HASHES, MIN_ITERATIONS, ChannelBinding, Exchange, Lookup, scram_server

__all__ = ["examine", "serve"]

_XOAUTH2 = re.compile(rb"user=([^\x01]*)\x01auth=Bearer ([^\x01]*)\x01\x01\Z", re.IGNORECASE)
_OAUTHBEARER = re.compile(
    rb"[ny],(?:a=([^\x01,]*))?,\x01(?:(?!auth=)[a-z]+=[^\x01]*\x01)*auth=Bearer ([^\x01]*)\x01"
    rb"(?:[a-z]+=[^\x01]*\x01)*\x01\Z",
    re.IGNORECASE,
)


class _Claim(NamedTuple):
    """Who a client says it is, and what it shows for it."""

    user: str
    secret: Secret


def serve(
    mechanism: str,
    lookup: Lookup,
    *,
    nonce: bytes,
    salt: bytes,
    iterations: int = MIN_ITERATIONS,
    host: str = "localhost",
    binding: ChannelBinding | None = None,
    certified: str = "",
) -> Exchange:
    """Return the server's side of *mechanism*, by its registered name.

    Args:
        mechanism: what the client asked for, any case.
        lookup: gives a user's password, or token for the OAuth mechanisms; None if unknown.
        nonce: fresh and unguessable, printable ASCII without commas.
        salt: for SCRAM; not empty.
        iterations: for SCRAM.
        host: the server's name in the challenge of CRAM-MD5.
        binding: of the TLS connection, if -PLUS is offered on it.
        certified: the user that the client's certificate names, for EXTERNAL.

    Raises:
        NotSupported: the mechanism is not spoken here.

    The exchange itself raises `AuthenticationError` for a wrong name or secret, `ProtocolError`
    for a malformed response.

    Example:
        >>> exchange = serve("PLAIN", {"alice": Secret("secret")}.get, nonce=b"n", salt=b"s")
        >>> next(exchange), examine(exchange, b"\\0alice\\0secret")
        (b'', 'alice')
    """
    name = mechanism.upper()
    plus = name.endswith("-PLUS") and binding is not None
    hash_name = HASHES.get(name.removesuffix("-PLUS") if plus else name)
    if hash_name:
        return scram_server(
            hash_name,
            lookup,
            nonce=nonce,
            salt=salt,
            iterations=iterations,
            binding=binding,
            plus=plus,
        )
    if name == "CRAM-MD5":
        return _cram_md5(lookup, b"<%b@%b>" % (nonce, host.encode()))
    if name == "EXTERNAL":
        return _external(certified)
    return _unbound(name, lookup)


def _unbound(name: str, lookup: Lookup) -> Exchange:
    """Return the server's side of a mechanism that depends on nothing but what the client says."""
    match name:
        case "PLAIN":
            return _plain(lookup)
        case "LOGIN":
            return _login(lookup)
        case "XOAUTH2":
            return _token("XOAUTH2", _XOAUTH2, b'{"status":"400","schemes":"Bearer"}', lookup)
        case "OAUTHBEARER":
            return _token("OAUTHBEARER", _OAUTHBEARER, b'{"status":"invalid_token"}', lookup)
        case "ANONYMOUS":
            return _anonymous()
    raise NotSupported("log in: this mechanism is not spoken here")


def examine(exchange: Exchange, response: bytes) -> bytes | str:
    """Send a decoded *response*; return the next challenge (bytes), or the user (str) at the end.

    Raises:
        AuthenticationError: wrong name or secret.
        ProtocolError: a malformed response.

    Example:
        >>> exchange = serve("LOGIN", {"alice": Secret("secret")}.get, nonce=b"n", salt=b"s")
        >>> next(exchange), examine(exchange, b"alice"), examine(exchange, b"secret")
        (b'Username:', b'Password:', 'alice')
    """
    try:
        return exchange.send(response)
    except StopIteration as end:
        user: str = end.value
        return user


def _plain(lookup: Lookup) -> Exchange:
    claim = _plain_claim((yield b""))
    return _granted("PLAIN", claim, lookup)


def _login(lookup: Lookup) -> Exchange:
    user = _text("LOGIN", (yield b"Username:"))
    secret = Secret(_text("LOGIN", (yield b"Password:")))
    return _granted("LOGIN", _Claim(user, secret), lookup)


def _cram_md5(lookup: Lookup, challenge: bytes) -> Exchange:
    response = yield challenge
    name, found, digest = response.rpartition(b" ")
    if not found:
        raise ProtocolError("log in with CRAM-MD5: the response is not a name and a digest")
    user = _text("CRAM-MD5", name)
    password = lookup(user)
    expected = cram_digest(password or Secret(""), challenge)
    if password is None or not hmac.compare_digest(expected, digest.lower()):
        raise _wrong("CRAM-MD5")
    return user


def _token(name: str, form: re.Pattern[bytes], reasons: bytes, lookup: Lookup) -> Exchange:
    claim = _token_claim(name, form, (yield b""))
    try:
        return _granted(name, claim, lookup)
    except AuthenticationError as error:
        # The client has to answer the reasons before the command may fail (RFC 7628 section 3.2.3).
        yield reasons
        raise error from None


def _external(certified: str) -> Exchange:
    wanted = _text("EXTERNAL", (yield b""))
    if not certified or wanted not in ("", certified):
        raise AuthenticationError("log in with EXTERNAL: no certificate says that this is the user")
    return certified


def _anonymous() -> Exchange:
    _text("ANONYMOUS", (yield b""))
    return "anonymous"


def _plain_claim(response: bytes) -> _Claim:
    fields = response.split(b"\0")
    if len(fields) != 3:
        raise ProtocolError("log in with PLAIN: the response has not three parts")
    authzid, user, password = (_text("PLAIN", field) for field in fields)
    if authzid in ("", user):
        return _Claim(user, Secret(password))
    raise AuthenticationError("log in with PLAIN: acting as another user is not allowed")


def _token_claim(name: str, form: re.Pattern[bytes], response: bytes) -> _Claim:
    found = form.match(response)
    if not found:
        raise ProtocolError(f"log in with {name}: the response is malformed")
    user = found[1] or b""
    if name == "OAUTHBEARER":  # its names are escaped as those of SCRAM (RFC 5801 section 4)
        user = user.replace(b"=2C", b",").replace(b"=3D", b"=")
    return _Claim(_text(name, user), Secret(_text(name, found[2])))


def _granted(name: str, claim: _Claim, lookup: Lookup) -> str:
    expected = lookup(claim.user)
    if expected is None or expected != claim.secret:
        raise _wrong(name)
    return claim.user


def _wrong(mechanism: str) -> AuthenticationError:
    return AuthenticationError(f"log in with {mechanism}: unknown user or wrong secret")


def _text(mechanism: str, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ProtocolError(f"log in with {mechanism}: a name or secret is not UTF-8") from None
