"""The SASL mechanisms of one or two messages, client's side; SCRAM has its own file.

Grammar: pure generators. Their conventions, and the RFC of each, are told in `postel.wire.sasl`.

No local variable holds a secret where an error can be raised: tracebacks can show locals.
"""

from __future__ import annotations

import hmac
import re

from ..errors import AuthenticationError, ProtocolError, UsageError
from ..secrets import HIDDEN, Secret
from .sasl_scram import Dialogue
from .text import display

__all__ = [
    "anonymous",
    "cram_digest",
    "cram_md5",
    "external",
    "login",
    "oauthbearer",
    "plain",
    "xoauth2",
]

_LONGEST_WORD = 200  # of what a peer says, in an error message
# NUL and ^A separate the parts of messages (SASLprep prohibits both); surrogates are not UTF-8.
_FORBIDDEN = re.compile("[\0\x01\ud800-\udfff]")
# Wider than the b64token of RFC 6750: what servers mint is theirs, as long as it is one word.
_BEARER = re.compile(r"[\x21-\x7e]+\Z")


def plain(user: str, password: Secret, authzid: str = "") -> Dialogue:
    r"""Return the client's side of PLAIN (RFC 4616): everything in one message, in the clear.

    Example:
        >>> next(plain("alice", Secret("secret")))
        b'\x00alice\x00secret'
    """
    names = _bytes(authzid, "the name to act as") + b"\0" + _bytes(user, "the user name")
    if (yield names + b"\0" + _hidden(password)) is not None:
        raise _asks_on("PLAIN")


def login(user: str, password: Secret) -> Dialogue:
    """Return the client's side of LOGIN: name and password in turn, in the clear.

    The server asks first. What it says is not looked at: "Username:", "User Name" and nothing
    at all are all in use.

    Example:
        >>> dialogue = login("alice", Secret("secret"))
        >>> next(dialogue), dialogue.send(b"Username:"), dialogue.send(b"Password:")
        (None, b'alice', b'secret')
    """
    _challenge("LOGIN", (yield None))
    _challenge("LOGIN", (yield _bytes(user, "the user name")))
    if (yield _hidden(password)) is not None:
        raise _asks_on("LOGIN")


def cram_md5(user: str, password: Secret) -> Dialogue:
    """Return the client's side of CRAM-MD5 (RFC 2195): a digest of the server's challenge.

    Example:
        >>> dialogue = cram_md5("tim", Secret("tanstaaftanstaaf"))
        >>> next(dialogue)
        >>> dialogue.send(b"<1896.697170952@postoffice.reston.mci.net>")
        b'tim b913a602c7eda7a495b4e6e7334d3890'
    """
    name = _bytes(user, "the user name")
    challenge = _challenge("CRAM-MD5", (yield None))
    if not challenge:
        # A digest of nothing can be used again and again.
        raise ProtocolError("log in with CRAM-MD5: the challenge is empty")
    if (yield name + b" " + cram_digest(password, challenge)) is not None:
        raise _asks_on("CRAM-MD5")


def xoauth2(user: str, token: Secret) -> Dialogue:
    r"""Return the client's side of XOAUTH2 (Google's form, also Microsoft's).

    Example:
        >>> next(xoauth2("alice", Secret("ya29.x")))
        b'user=alice\x01auth=Bearer ya29.x\x01\x01'
    """
    challenge = yield b"user=%b\x01%b" % (_bytes(user, "the user name"), _bearer(token))
    if challenge is not None:
        yield from _token_refused("XOAUTH2", challenge, b"", token)


def oauthbearer(user: str, token: Secret, host: str = "", port: int = 0) -> Dialogue:
    r"""Return the client's side of OAUTHBEARER (RFC 7628).

    A server that refuses says why in JSON, gets an empty answer (``\x01``), and then fails the
    command; the error that comes of it carries the JSON's status.

    Example:
        >>> next(oauthbearer("alice", Secret("vF9"), "imap.example.org", 993))
        b'n,a=alice,\x01host=imap.example.org\x01port=993\x01auth=Bearer vF9\x01\x01'
    """
    name = _bytes(user, "the user name").replace(b"=", b"=3D").replace(b",", b"=2C")
    place = b"host=%b\x01" % _bytes(host, "the host") if host else b""
    place += b"port=%d\x01" % port if port else b""
    header = b"n,a=%b,\x01" % name if name else b"n,,\x01"
    challenge = yield header + place + _bearer(token)
    if challenge is not None:
        yield from _token_refused("OAUTHBEARER", challenge, b"\x01", token)


def external(authzid: str = "") -> Dialogue:
    """Return the client's side of EXTERNAL (RFC 4422 appendix A): TLS has already told who we are.

    Example:
        >>> next(external())
        b''
    """
    if (yield _bytes(authzid, "the name to act as")) is not None:
        raise _asks_on("EXTERNAL")


def anonymous(trace: str = "") -> Dialogue:
    """Return the client's side of ANONYMOUS (RFC 4505); *trace* is a mail address or a remark.

    Example:
        >>> next(anonymous("sirhc"))
        b'sirhc'
    """
    if (yield _bytes(trace, "the trace")) is not None:
        raise _asks_on("ANONYMOUS")


def cram_digest(password: Secret, challenge: bytes) -> bytes:
    """Return the hexadecimal HMAC-MD5 of *challenge* (RFC 2195 section 2).

    Example:
        >>> cram_digest(Secret("tanstaaftanstaaf"), b"<1896.697170952@postoffice.reston.mci.net>")
        b'b913a602c7eda7a495b4e6e7334d3890'
    """
    return hmac.digest(_hidden(password), challenge, "md5").hex().encode()


def _bytes(text: str, what: str) -> bytes:
    if _FORBIDDEN.search(text):
        raise UsageError(f"log in: {what} {text!r} holds a character that cannot be sent")
    return text.encode()


def _hidden(secret: Secret) -> bytes:
    if _FORBIDDEN.search(secret.reveal()):
        raise UsageError("log in: the password holds a character that cannot be sent")
    return secret.reveal().encode()


def _bearer(token: Secret) -> bytes:
    if not _BEARER.match(token.reveal()):
        raise UsageError("log in: the token is empty or not one word of printable ASCII")
    return b"auth=Bearer %b\x01\x01" % token.reveal().encode()


def _challenge(mechanism: str, event: bytes | None) -> bytes:
    if event is None:
        raise ProtocolError(f"log in with {mechanism}: the server says yes before it heard all")
    return event


def _asks_on(mechanism: str) -> ProtocolError:
    return ProtocolError(f"log in with {mechanism}: the server asks on after the last message")


def _token_refused(mechanism: str, challenge: bytes, answer: bytes, token: Secret) -> Dialogue:
    """Answer the server's reasons, let it fail the command, and raise with the reasons."""
    # A server may repeat the token; redacted before anything is cut, so that no half is left.
    status, scope = _reasons(challenge.replace(token.reveal().encode(), HIDDEN.encode()))
    hint = f"the token must be fresh and have the scope {scope}" if scope else ""
    error = AuthenticationError(
        f"log in with {mechanism}: the server refused the token: {status or 'no reason given'}",
        text=status,
        hint=hint or "the token may have expired, or be for another service",
    )
    try:
        yield answer
    except AuthenticationError as refusal:
        error.code, error.command = refusal.code, refusal.command
    raise error


def _reasons(challenge: bytes) -> tuple[str, str]:
    """Return status and scope of the JSON in an error challenge (RFC 7628 section 3.2.2)."""
    import json  # only those who are refused need it

    try:
        found = json.loads(challenge.decode())
    except (ValueError, RecursionError):  # the latter: a megabyte of "["
        found = None
    if not isinstance(found, dict):
        return "", ""
    return _word(found.get("status")), _word(found.get("scope"))


def _word(value: object) -> str:
    """Return a string of the peer's, cut and safe to print; else nothing."""
    return display(value[:_LONGEST_WORD]) if isinstance(value, str) else ""
