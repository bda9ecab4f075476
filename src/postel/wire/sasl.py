"""SASL: how a client proves who it is, the same for POP3, IMAP, SMTP, NNTP and their like.

Grammar: pure generators and functions, no I/O, no clock; nonces are arguments. The framework is
RFC 4422; the ways its messages travel are RFC 5034 (POP3), RFC 4954 (SMTP), RFC 9051 (IMAP).

A mechanism is a short dialogue of byte strings, and a dialogue is a generator. A **client's**
(`Dialogue`) yields responses and is sent the server's challenges, both decoded:

    dialogue = start("PLAIN", login, nonce=nonce)
    initial = next(dialogue)              the initial response; None: the server speaks first
    answer = respond(dialogue, challenge) for each challenge, whatever it says
    finish(dialogue)                      when the server says yes
    refuse(dialogue, error)               when the server says no; raises

`None` means "no message" in both directions: yielded first it says that there is no initial
response (an empty one is ``b""``, which travels as ``=``); sent, as `finish` does, it says that
the log-in succeeded. **A success must go through `finish`**: there SCRAM raises if the server
has not proved itself. Where no initial response may be sent with the command (too long a line,
an old server), send it as the answer to the server's first, empty challenge. When `respond`
raises, cancel the exchange with the line `CANCEL`.

A **server's** (`Exchange`) yields challenges, is sent responses, and its value is the user's name:

    exchange = serve("PLAIN", lookup, nonce=nonce, salt=salt)
    challenge = next(exchange)            dropped if the client sent an initial response
    outcome = examine(exchange, response) the next challenge (bytes) or the user (str)

PLAIN (RFC 4616), LOGIN (draft-murchison-sasl-login), OAUTHBEARER (RFC 7628) and XOAUTH2 (Google)
send the secret itself; CRAM-MD5 (RFC 2195) and SCRAM (`postel.wire.sasl_scram`) prove that they
know it; EXTERNAL (RFC 4422) points at the TLS certificate; ANONYMOUS is RFC 4505.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NoReturn

from ..errors import AuthenticationError, NotSupported, ProtocolError, UsageError
from ..secrets import Secret
from .sasl_mechanisms import anonymous, cram_md5, external, login, oauthbearer, plain, xoauth2
from .sasl_scram import HASHES, ChannelBinding, Dialogue, Exchange, scram
from .sasl_server import examine, serve

__all__ = [
    "CANCEL",
    "MAX_LINE",
    "MECHANISMS",
    "ChannelBinding",
    "Dialogue",
    "Exchange",
    "Login",
    "anonymous",
    "choose",
    "cram_md5",
    "decode",
    "encode",
    "examine",
    "external",
    "finish",
    "login",
    "oauthbearer",
    "plain",
    "refuse",
    "respond",
    "scram",
    "serve",
    "start",
    "xoauth2",
]

MAX_LINE = 12_288
"""Bytes of one base64 line, the limit of RFC 4954 section 4. Tickets and tokens fit; a line
beyond it is refused before it is decoded."""

CANCEL = b"*"
"""The line that ends an exchange early (RFC 5034 section 4, RFC 4954 section 4)."""

_BOUND = ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS")
# A binding outweighs the better hash: it stops a man in the middle, and as long as it is used
# whenever it is offered, the "y" flag of the others is true (RFC 5802 section 6).
_PASSWORD = (*_BOUND, "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN")
_TOKEN = ("OAUTHBEARER", "XOAUTH2")
_SHOWS_SECRET = frozenset({"PLAIN", "LOGIN", *_TOKEN})

_NAME = re.compile(r"[A-Z0-9_-]{1,20}\Z")  # RFC 4422 section 3.1

MECHANISMS = (*_TOKEN, *_PASSWORD, "EXTERNAL", "ANONYMOUS")
"""Every mechanism spoken here, by its registered name."""


@dataclass(frozen=True, slots=True)
class Login:
    """What a user logs in with.

    Args:
        user: the name; empty where a certificate or nothing at all stands for it.
        password: for the mechanisms with a password.
        token: an OAuth 2.0 access token.
        authzid: the user to act as, where it is another one.
        host: the server's name, for OAUTHBEARER.
        port: its port, for OAUTHBEARER.

    Example:
        >>> Login("alice", Secret("secret")).password
        Secret(***)
    """

    user: str
    password: Secret | None
    token: Secret | None = None
    authzid: str = ""
    host: str = ""
    port: int = 0


def encode(data: bytes, *, initial: bool = False) -> bytes:
    """Return *data* as a base64 line without its end; an empty *initial* response is ``=``.

    Raises:
        UsageError: the line would be longer than `MAX_LINE`.

    Example:
        >>> encode(b"Username:"), encode(b""), encode(b"", initial=True)
        (b'VXNlcm5hbWU6', b'', b'=')
    """
    line = base64.b64encode(data)
    if len(line) > MAX_LINE:
        raise UsageError(f"log in: a message of {len(line)} bytes is more than {MAX_LINE}")
    return line or (b"=" if initial else b"")


def decode(line: bytes) -> bytes:
    """Return the bytes of a base64 line without its end; ``=`` and nothing are empty.

    Raises:
        ProtocolError: the line is not base64, or longer than `MAX_LINE`.

    Example:
        >>> decode(b"VXNlcm5hbWU6"), decode(b"=")
        (b'Username:', b'')
    """
    if len(line) > MAX_LINE:
        raise ProtocolError(f"log in: a line of {len(line)} bytes is more than {MAX_LINE}")
    if line == b"=":
        return b""
    try:
        return base64.b64decode(line, validate=True)
    except ValueError:
        raise ProtocolError("log in: the line is not base64") from None


def choose(
    offered: Iterable[str],
    login: Login,
    *,
    secure: bool,
    wanted: str | None = None,
    binding: ChannelBinding | None = None,
) -> str:
    """Return the strongest mechanism that is offered and that *login* has the means for.

    A token goes before a password. Channel bindings go first, then SCRAM, then CRAM-MD5, then
    what shows the secret; that never without *secure*. EXTERNAL is taken when it is *wanted* or
    when there is neither password nor token, ANONYMOUS only when wanted.

    Args:
        offered: the names the server lists, in any case.
        login: what there is to log in with.
        secure: the connection is TLS, stays on this machine, or clear text was asked for.
        wanted: take this one or none.
        binding: of the TLS connection, where there is one.

    Raises:
        NotSupported: nothing fits.
        AuthenticationError: what fits would show the secret to the network.

    Example:
        >>> choose(["LOGIN", "PLAIN", "CRAM-MD5"], Login("alice", Secret("secret")), secure=True)
        'CRAM-MD5'
    """
    names = list(dict.fromkeys(name.upper() for name in offered))
    fitting = [wanted.upper()] if wanted else _fitting(login, binding)
    usable = [name for name in fitting if name in names and name in MECHANISMS]
    if not usable or (binding is None and usable[0] in _BOUND):
        raise _nothing_fits(names, wanted)
    safe = [name for name in usable if secure or name not in _SHOWS_SECRET]
    if not safe:
        raise AuthenticationError(
            f"log in with {usable[0]}: not done, it would send the secret in the clear",
            hint='connect with TLS, or give security="plain" if the network is yours',
        )
    return safe[0]


def start(
    mechanism: str, login: Login, *, nonce: bytes, binding: ChannelBinding | None = None
) -> Dialogue:
    """Return the client's side of *mechanism*, by its registered name.

    Args:
        mechanism: as `choose` returned it, any case.
        login: what to log in with.
        nonce: fresh and unguessable, printable ASCII without commas.
        binding: of the TLS connection. With SCRAM but not -PLUS it tells the server that we
            could have bound; leave it out if the server does offer -PLUS.

    Raises:
        NotSupported: the mechanism is not spoken here.
        UsageError: *login* has not what the mechanism needs.

    Example:
        >>> dialogue = start("PLAIN", Login("alice", Secret("secret")), nonce=b"not used")
        >>> encode(next(dialogue))
        b'AGFsaWNlAHNlY3JldA=='
    """
    name = mechanism.upper()
    needed = "token" if name in _TOKEN else "password" if name in _PASSWORD else None
    if needed and getattr(login, needed) is None:
        raise UsageError(f"log in with {name}: there is no {needed}")
    if name in _BOUND and binding is None:
        raise UsageError(f"log in with {name}: this connection has no channel binding")
    if name in _CLIENTS:
        return _CLIENTS[name](login)
    plus = name in _BOUND
    hash_name = HASHES.get(name.removesuffix("-PLUS"))
    if hash_name is None or login.password is None:
        raise NotSupported(f"log in with {_shown(name)}: this mechanism is not spoken here")
    return scram(
        hash_name,
        login.user,
        login.password,
        nonce=nonce,
        channel_binding=binding if plus else None,
        authzid=login.authzid,
        could_bind=binding is not None and not plus,
    )


def respond(dialogue: Dialogue, challenge: bytes) -> bytes:
    """Return a client's answer to a decoded *challenge*.

    Raises:
        AuthenticationError: the server refused, or did not prove itself.
        ProtocolError: the challenge is malformed, or one too many.

    Example:
        >>> dialogue = login("alice", Secret("secret"))
        >>> next(dialogue)
        >>> respond(dialogue, b"Username:")
        b'alice'
    """
    try:
        return dialogue.send(challenge) or b""
    except StopIteration:
        raise ProtocolError("log in: the server asks on after the end") from None


def finish(dialogue: Dialogue) -> None:
    """Accept the server's success; every success must pass here.

    Raises:
        AuthenticationError: it says yes without having proved that it knows the password (SCRAM).
        ProtocolError: it says yes before the dialogue was complete.

    Example:
        >>> dialogue = plain("alice", Secret("secret"))
        >>> _ = next(dialogue)
        >>> finish(dialogue)
    """
    try:
        dialogue.send(None)
    except StopIteration:
        return
    raise ProtocolError("log in: the server says yes before it was told everything")


def refuse(dialogue: Dialogue, error: AuthenticationError) -> NoReturn:
    """Raise *error*, the server's refusal, or a better one if the dialogue knows the reason.

    Example:
        >>> dialogue = oauthbearer("alice", Secret("vF9"))
        >>> _ = next(dialogue), respond(dialogue, b'{"status": "invalid_token"}')
        >>> try:
        ...     refuse(dialogue, AuthenticationError("AUTH: -ERR no"))
        ... except AuthenticationError as error:
        ...     print(error)
        log in with OAUTHBEARER: the server refused the token: invalid_token
    """
    try:
        dialogue.throw(error)
    except StopIteration:
        pass
    raise error


def _fitting(login: Login, binding: ChannelBinding | None) -> list[str]:
    """Return what *login* has the means for, best first."""
    names: tuple[str, ...] = _TOKEN if login.token is not None else ()
    names += _PASSWORD if login.password is not None else ()
    return [name for name in names or ("EXTERNAL",) if binding or name not in _BOUND]


def _nothing_fits(names: list[str], wanted: str | None) -> NotSupported:
    listed = " ".join(map(_shown, names)) or "nothing"
    asked = _shown(wanted.upper()) if wanted else "what there is"
    return NotSupported(
        f"log in with {asked}: the server offers {listed}",
        hint="servers often offer more after TLS; EXTERNAL needs no password, PLAIN needs one",
    )


def _shown(name: str) -> str:
    """Return a mechanism's name for an error message; escaped if it is none."""
    return name if _NAME.match(name) else repr(name[:20])


def _password(login: Login) -> Secret:
    return login.password or Secret("")


def _token(login: Login) -> Secret:
    return login.token or Secret("")


_CLIENTS: dict[str, Callable[[Login], Dialogue]] = {
    "PLAIN": lambda who: plain(who.user, _password(who), who.authzid),
    "LOGIN": lambda who: login(who.user, _password(who)),
    "CRAM-MD5": lambda who: cram_md5(who.user, _password(who)),
    "OAUTHBEARER": lambda who: oauthbearer(who.user, _token(who), who.host, who.port),
    "XOAUTH2": lambda who: xoauth2(who.user, _token(who)),
    "EXTERNAL": lambda who: external(who.authzid),
    "ANONYMOUS": lambda who: anonymous(who.user),
}
