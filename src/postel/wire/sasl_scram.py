"""SCRAM: a log-in in which each side proves that it knows the password and neither shows it.

Grammar: pure generators and functions, no I/O, no clock; nonces and salts are arguments. Both
sides are here, since they compute the same two values. The conventions of the generators are
told in `postel.wire.sasl`, which is also where most callers should start.

The theory (RFC 5802 section 3; RFC 7677 puts SHA-256 in the place of SHA-1):

    C: n,,n=user,r=<C nonce>                      gs2 header, name, nonce
    S: r=<C nonce><S nonce>,s=<salt>,i=<rounds>
    C: c=<header again>,r=<both>,p=<proof>        ClientKey XOR HMAC(H(ClientKey), everything)
    S: v=<signature>                              HMAC(ServerKey, everything)

Both keys come from PBKDF2(password, salt, rounds). A server that has only heard the name cannot
compute the signature: a client that checks it knows that it did not talk to an impostor. With a
channel binding (the -PLUS names, RFC 5929) *everything* includes a fingerprint of the TLS
connection, so that not even a man in the middle with a valid certificate can relay the proof.

Names and passwords are prepared by SASLprep (RFC 4013), so that the same letters typed on two
keyboards are the same bytes. Unlike the profile for stored strings, code points that Unicode 3.2
had not assigned pass: these are queries (RFC 3454 section 7).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Generator

from ..errors import AuthenticationError, ProtocolError, UsageError
from ..secrets import Secret
from .text import display

__all__ = [
    "HASHES",
    "MAX_ITERATIONS",
    "MIN_ITERATIONS",
    "ChannelBinding",
    "Dialogue",
    "Exchange",
    "Lookup",
    "saslprep",
    "scram",
    "scram_server",
]

MIN_ITERATIONS = 4096
"""Fewer rounds are refused: RFC 5802 section 5.1 and RFC 7677 section 4 name this floor. A false
server that asks for one round gets a proof that it can try a dictionary against."""

MAX_ITERATIONS = 1_000_000
"""More rounds are refused: the count is the server's word and each round is our time. A million
takes up to a second; no published advice for stored passwords asks for more."""

HASHES = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256"}
"""The mechanisms without their -PLUS, and what `hashlib` calls their hash."""

ChannelBinding = tuple[str, bytes]
"""A binding's type (``tls-server-end-point``, RFC 5929) and its data."""

Dialogue = Generator[bytes | None, bytes | None, None]
"""A client's side; see `postel.wire.sasl`."""

Exchange = Generator[bytes, bytes, str]
"""A server's side; its value is the name of the user."""

Lookup = Callable[[str], Secret | None]
"""What a server is given to find a user's password or token; None for an unknown user."""

_NONCE = re.compile(rb"[\x21-\x2b\x2d-\x7e]+\Z")  # printable ASCII without the comma
_COUNT = re.compile(rb"[1-9][0-9]*\Z")
_LONGEST_WORD = 200  # of what a peer says is wrong, in an error message


def scram(
    hash_name: str,
    user: str,
    password: Secret,
    *,
    nonce: bytes,
    channel_binding: ChannelBinding | None = None,
    authzid: str = "",
    could_bind: bool = False,
) -> Dialogue:
    """Return the client's side of SCRAM (RFC 5802, RFC 7677).

    Args:
        hash_name: as `hashlib` names it: ``sha1`` or ``sha256``.
        user: the name to log in with.
        password: its password.
        nonce: fresh and unguessable, printable ASCII without commas.
        channel_binding: type and data, for the -PLUS mechanisms.
        authzid: the name to act as, where it is another one.
        could_bind: the server did not offer -PLUS, though we have a binding. A server that did
            offer it learns so that someone has cut it out of the list (section 6).

    Raises:
        UsageError: a name, password or nonce that cannot be sent; nothing was sent.
        AuthenticationError: the server refused, or did not prove that it knows the password.
        ProtocolError: a challenge that is malformed or asks for too little or too much work.

    Example:
        >>> next(scram("sha256", "alice", Secret("secret"), nonce=b"fyko+d2lbbFgONRv9qkxdawL"))
        b'n,,n=alice,r=fyko+d2lbbFgONRv9qkxdawL'
    """
    _require_preparable(password)
    header = _gs2_header(channel_binding, authzid, could_bind)
    bound = header + (channel_binding[1] if channel_binding else b"")
    bare = b"n=" + _saslname(user) + b",r=" + _usable_nonce(nonce)
    challenge = _challenge((yield header + bare))
    joined, salt, rounds = _server_first(challenge, nonce)
    final = b"c=" + base64.b64encode(bound) + b",r=" + joined
    said = b",".join((bare, challenge, final))
    proof, signature = _prove(hash_name, password, salt, rounds, said)
    verdict = _challenge((yield final + b",p=" + base64.b64encode(proof)))
    _verify(verdict, signature)
    if (yield b"") is not None:
        raise ProtocolError("log in with SCRAM: the server asks on after its last message")


def scram_server(
    hash_name: str,
    lookup: Lookup,
    *,
    nonce: bytes,
    salt: bytes,
    iterations: int = MIN_ITERATIONS,
    binding: ChannelBinding | None = None,
    plus: bool = False,
) -> Exchange:
    """Return the server's side of SCRAM (RFC 5802, RFC 7677).

    Args:
        hash_name: as `hashlib` names it: ``sha1`` or ``sha256``.
        lookup: gives a user's password.
        nonce: fresh and unguessable, printable ASCII without commas.
        salt: of the stored password; not empty.
        iterations: rounds of PBKDF2.
        binding: of this connection, if the server offers -PLUS on it.
        plus: whether the client chose the -PLUS mechanism.

    Raises:
        AuthenticationError: wrong name, password or channel binding.
        ProtocolError: a malformed response.
        UsageError: a nonce or stored password that cannot be used.

    Example:
        >>> server = scram_server("sha256", {}.get, nonce=b"3rfcNHYJY1", salt=b"salt")
        >>> next(server), server.send(b"n,,n=alice,r=fyko+d2l")
        (b'', b'r=fyko+d2l3rfcNHYJY1,s=c2FsdA==,i=4096')
    """
    header, bare, user, theirs = _client_first((yield b""))
    _check_flag(header, binding, plus)
    joined = theirs + _usable_nonce(nonce)
    challenge = b"r=%b,s=%b,i=%d" % (joined, base64.b64encode(salt), iterations)
    final, proof = _client_final((yield challenge))
    _check_final(final, header + (binding[1] if plus and binding else b""), joined)
    said = b",".join((bare, challenge, final))
    password = lookup(user)
    # An unknown user costs the same time as a known one.
    expected, signature = _prove(hash_name, password or Secret(""), salt, iterations, said)
    if password is None or not hmac.compare_digest(proof, expected):
        raise AuthenticationError("log in with SCRAM: unknown user or wrong password")
    if (yield b"v=" + base64.b64encode(signature)):
        raise ProtocolError("log in with SCRAM: the last response is not empty")
    return user


def saslprep(text: str) -> str:
    r"""Prepare a name or password by RFC 4013: one spelling for what looks and means the same.

    Raises:
        UsageError: *text* holds a code point that must not be there (controls, private use …),
            or mixes writing directions (RFC 3454 section 6).

    Example:
        >>> saslprep("I\u00adX"), saslprep("\u2168"), saslprep("\u00aa")
        ('IX', 'IX', 'a')
    """
    prepared = _prepare(text)
    if prepared is None:
        raise UsageError(
            f"prepare the name {text[:_LONGEST_WORD]!r}: it holds a character that SASL prohibits",
            hint="control characters, private code points and mixed directions may not be used",
        )
    return prepared


def _prepare(text: str) -> str | None:
    """Return *text* after SASLprep; None where it is prohibited."""
    if text.isascii():
        return text if text.isprintable() else None
    import stringprep as tables  # large; most names and passwords are ASCII
    from unicodedata import ucd_3_2_0 as unicode

    mapped = "".join(
        " " if tables.in_table_c12(c) else c for c in text if not tables.in_table_b1(c)
    )
    ready = unicode.normalize("NFKC", mapped)
    if any(_is_prohibited(c) for c in ready) or not _is_one_direction(ready):
        return None
    return ready


def _is_prohibited(c: str) -> bool:
    import stringprep as tables

    return (
        tables.in_table_c12(c)
        or tables.in_table_c21_c22(c)
        or tables.in_table_c3(c)
        or tables.in_table_c4(c)
        or tables.in_table_c5(c)
        or tables.in_table_c6(c)
        or tables.in_table_c7(c)
        or tables.in_table_c8(c)
        or tables.in_table_c9(c)
    )


def _is_one_direction(text: str) -> bool:
    """Whether *text* keeps the rule for right-to-left strings (RFC 3454 section 6)."""
    import stringprep as tables

    if not any(tables.in_table_d1(c) for c in text):
        return True
    ends = tables.in_table_d1(text[0]) and tables.in_table_d1(text[-1])
    return ends and not any(tables.in_table_d2(c) for c in text)


def _require_preparable(password: Secret) -> None:
    # No local may hold the password when this raises: tracebacks can show locals.
    if _prepare(password.reveal()) is None:
        raise UsageError("log in with SCRAM: the password holds a character that SASL prohibits")


def _saslname(name: str) -> bytes:
    prepared = saslprep(name)
    if not prepared:
        raise UsageError("log in with SCRAM: the user name is empty")
    return prepared.replace("=", "=3D").replace(",", "=2C").encode()


def _usable_nonce(nonce: bytes) -> bytes:
    if not _NONCE.match(nonce):
        raise UsageError("log in with SCRAM: a nonce is printable ASCII without commas")
    return nonce


def _gs2_header(binding: ChannelBinding | None, authzid: str, could_bind: bool) -> bytes:
    """Return the header that says whether and how the channel is bound (section 7)."""
    flag = b"p=" + binding[0].encode() if binding else b"y" if could_bind else b"n"
    return flag + b"," + (b"a=" + _saslname(authzid) if authzid else b"") + b","


def _prove(
    hash_name: str, password: Secret, salt: bytes, rounds: int, said: bytes
) -> tuple[bytes, bytes]:
    """Return the client's proof and the server's signature over all that was *said*."""
    _require_preparable(password)
    prepared = (_prepare(password.reveal()) or "").encode()
    salted = hashlib.pbkdf2_hmac(hash_name, prepared, salt, rounds)
    client_key = hmac.digest(salted, b"Client Key", hash_name)
    stored_key = hashlib.new(hash_name, client_key).digest()
    mask = hmac.digest(stored_key, said, hash_name)
    proof = bytes(a ^ b for a, b in zip(client_key, mask, strict=True))
    server_key = hmac.digest(salted, b"Server Key", hash_name)
    return proof, hmac.digest(server_key, said, hash_name)


def _challenge(event: bytes | None) -> bytes:
    """Return the challenge; a success before the signature is a server that proves nothing."""
    if event is None:
        raise AuthenticationError(
            "log in with SCRAM: the server says yes without proving that it knows the password",
            hint="this may not be the server it claims to be: do not trust what it says",
        )
    if event.startswith(b"e="):
        words = display(event[2:].decode("utf-8", "replace")[:_LONGEST_WORD])
        raise AuthenticationError(f"log in with SCRAM: the server refused: {words}", text=words)
    return event


def _server_first(challenge: bytes, nonce: bytes) -> tuple[bytes, bytes, int]:
    """Return both nonces joined, the salt, and the number of rounds."""
    fields = challenge.split(b",")
    if fields[0].startswith(b"m="):
        raise ProtocolError("log in with SCRAM: the server needs an extension that nobody defined")
    if len(fields) < 3 or [f[:2] for f in fields[:3]] != [b"r=", b"s=", b"i="]:
        raise ProtocolError("log in with SCRAM: the challenge is not r=…,s=…,i=…")
    joined, salt, count = (field[2:] for field in fields[:3])
    if not joined.startswith(nonce) or len(joined) == len(nonce):
        raise AuthenticationError(
            "log in with SCRAM: the server's nonce does not extend ours",
            hint="somebody may be replaying an old log-in",
        )
    if not _NONCE.match(joined):
        raise ProtocolError("log in with SCRAM: the server's nonce is not printable ASCII")
    return joined, _from_base64(salt, "salt"), _rounds(count)


def _rounds(count: bytes) -> int:
    # Length first: int() of a million digits is work in itself.
    if not _COUNT.match(count) or len(count) > 20:
        raise ProtocolError("log in with SCRAM: the iteration count is not a number")
    rounds = int(count)
    if not MIN_ITERATIONS <= rounds <= MAX_ITERATIONS:
        raise ProtocolError(
            f"log in with SCRAM: the server asks for {rounds} iterations",
            hint=f"between {MIN_ITERATIONS} and {MAX_ITERATIONS} are accepted",
        )
    return rounds


def _verify(verdict: bytes, signature: bytes) -> None:
    if not verdict.startswith(b"v="):
        raise ProtocolError("log in with SCRAM: the last challenge is neither v=… nor e=…")
    theirs = _from_base64(verdict[2:].partition(b",")[0], "signature")
    if not hmac.compare_digest(theirs, signature):
        raise AuthenticationError(
            "log in with SCRAM: the server did not prove that it knows the password",
            hint="this may not be the server it claims to be: do not trust what it says",
        )


def _client_first(response: bytes) -> tuple[bytes, bytes, str, bytes]:
    """Return the gs2 header, the bare message, the user and the client's nonce."""
    flag, _, rest = response.partition(b",")
    authzid, _, bare = rest.partition(b",")
    fields = bare.split(b",")
    if len(fields) < 2 or [f[:2] for f in fields[:2]] != [b"n=", b"r="]:
        raise ProtocolError("log in with SCRAM: the first response is not …,…,n=…,r=…")
    user, nonce = _plain_name(fields[0][2:]), fields[1][2:]
    if not _NONCE.match(nonce):
        raise ProtocolError("log in with SCRAM: the client's nonce is not printable ASCII")
    if authzid and authzid[:2] != b"a=":
        raise ProtocolError("log in with SCRAM: the gs2 header is malformed")
    if authzid and _plain_name(authzid[2:]) != user:
        raise AuthenticationError("log in with SCRAM: acting as another user is not allowed")
    return flag + b"," + authzid + b",", bare, user, nonce


def _plain_name(name: bytes) -> str:
    """Return the name without its escapes, prepared."""
    if re.search(rb"=(?!2C|3D)", name):
        raise ProtocolError("log in with SCRAM: a name holds a bare equals sign")
    try:
        text = name.replace(b"=2C", b",").replace(b"=3D", b"=").decode()
    except UnicodeDecodeError:
        raise ProtocolError("log in with SCRAM: a name is not UTF-8") from None
    prepared = _prepare(text)
    if not prepared:
        raise AuthenticationError("log in with SCRAM: the name is empty or prohibited")
    return prepared


def _check_flag(header: bytes, binding: ChannelBinding | None, plus: bool) -> None:
    """Refuse a client that binds otherwise than the mechanism says (RFC 5802 section 6)."""
    flag = header.partition(b",")[0]
    if plus and binding:
        fits = flag == b"p=" + binding[0].encode()
    else:
        # "y" says that we did not offer -PLUS: a lie told to the client, if we did.
        fits = flag == b"n" or (flag == b"y" and binding is None)
    if not fits:
        raise AuthenticationError("log in with SCRAM: the channel binding does not fit")


def _client_final(response: bytes) -> tuple[bytes, bytes]:
    """Return the message without its proof, and the proof."""
    final, found, proof = response.rpartition(b",p=")
    if not found:
        raise ProtocolError("log in with SCRAM: the final response has no proof")
    return final, _from_base64(proof, "proof")


def _check_final(final: bytes, bound: bytes, nonce: bytes) -> None:
    fields = final.split(b",")
    if len(fields) < 2 or [f[:2] for f in fields[:2]] != [b"c=", b"r="]:
        raise ProtocolError("log in with SCRAM: the final response is not c=…,r=…,p=…")
    if _from_base64(fields[0][2:], "channel binding") != bound:
        raise AuthenticationError("log in with SCRAM: the channel binding does not fit")
    if fields[1][2:] != nonce:
        raise AuthenticationError("log in with SCRAM: the nonce is not the one of this log-in")


def _from_base64(value: bytes, what: str) -> bytes:
    try:
        data = base64.b64decode(value, validate=True)
    except ValueError:
        data = b""
    if not data:
        raise ProtocolError(f"log in with SCRAM: the {what} is not base64")
    return data
