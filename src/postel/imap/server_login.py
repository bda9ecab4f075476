"""The IMAP server's commands of any state, and those before the log-in.

Service code: CAPABILITY, NOOP, LOGOUT, ID, STARTTLS, LOGIN, AUTHENTICATE, ENABLE, COMPRESS,
UNAUTHENTICATE (RFC 9051 sections 6.1 and 6.2, RFC 2971, 4978, 5161, 8437).
"""

from __future__ import annotations

from .._version import __version__
from ..errors import AuthenticationError, NotSupported, ProtocolError
from ..transport.entropy import nonce
from ..wire import sasl
from .commands import Arguments, BadCommand
from .server_session import No, Session
from .wire_server import nstring

__all__ = ["Done", "capabilities"]

Done = tuple[str, ...] | None
"""What ends a command: the text, and a code; None where it has been ended already."""

_CLEAR = ("PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER")


def _is_secure(session: Session) -> bool:
    return session.options.allow_clear or session.channel.is_tls


def capabilities(session: Session) -> list[str]:
    """What CAPABILITY says now."""
    options = session.options
    if session.mail is not None:
        return [one for one in options.after()
                if one != "COMPRESS=DEFLATE" or not session.channel.is_compressed]
    found = options.before()
    if session.server.tls is not None and not session.channel.is_tls and (
            "STARTTLS" not in options.without):
        found.append("STARTTLS")
    if not _is_secure(session):
        found.append("LOGINDISABLED")
    found += [f"AUTH={one}" for one in _mechanisms(session)]
    return found


def _mechanisms(session: Session) -> list[str]:
    return [one for one in session.options.mechanisms
            if _is_secure(session) or one not in _CLEAR]


async def capability(session: Session, words: Arguments) -> Done:
    """CAPABILITY."""
    words.end()
    session.untagged(b"CAPABILITY " + " ".join(capabilities(session)).encode())
    return ("that is all",)


async def noop(session: Session, words: Arguments) -> Done:
    """NOOP, and CHECK."""
    words.end()
    if session.view is not None:
        session.store.refresh(session.view.folder)
    return ("nothing done",)


async def logout(session: Session, words: Arguments) -> Done:
    """LOGOUT."""
    words.end()
    for _ in range(1_000 if session.does("endless bye") else 1):
        session.untagged(b"BYE see you")
    session.finish("OK", "done")
    await session.channel.end()
    return None


async def ident(session: Session, words: Arguments) -> Done:
    """ID (RFC 2971)."""
    if not words.take(b"NIL"):
        words.expect(b"(")
        count = 0
        while not words.take(b")"):
            if count:
                words.space()
            words.string("a field")
            words.space()
            words.nstring()
            count += 1
            if count > 30:
                raise BadCommand("ID: over 30 fields")
    words.end()
    vendor = session.options.profile.vendor.encode()
    session.untagged(b'ID ("name" %b "version" %b)'
                     % (nstring(vendor), nstring(__version__.encode())))
    return ("pleased to meet you",)


async def starttls(session: Session, words: Arguments) -> Done:
    """STARTTLS: nothing that came before it in the clear is read after it."""
    words.end()
    server = session.server
    if server.tls is None or session.channel.is_tls or "STARTTLS" in session.options.without:
        raise BadCommand("no TLS to be had")
    session.finish("OK", "begin TLS")
    await session.channel.flush()
    session.channel.wire.end_of_clear_text()
    await session.channel.stream.start_tls(server.tls, None, server_side=True)
    return None


async def login(session: Session, words: Arguments) -> Done:
    """LOGIN."""
    user = words.astring("a user's name")
    words.space()
    password = words.astring("a password")
    words.end()
    if not _is_secure(session):
        raise No("no password in the clear: STARTTLS first", "PRIVACYREQUIRED")
    name = user.decode("utf-8", "replace")
    if not session.server.users.check(name, password.decode("utf-8", "replace")):
        raise No("wrong user or password", "AUTHENTICATIONFAILED")
    session.enter(name)
    return _welcome(session)


def _welcome(session: Session) -> Done:
    return ("you are in", f"CAPABILITY {' '.join(capabilities(session))}")


async def authenticate(session: Session, words: Arguments) -> Done:
    """AUTHENTICATE, with an initial response where SASL-IR is offered (RFC 4959)."""
    mechanism = words.bracketed("a mechanism").upper()
    initial = b""
    if words.take(b" "):
        if not session.can("SASL-IR"):
            raise BadCommand("AUTHENTICATE: an initial response, and SASL-IR was not offered")
        initial = words.bracketed("base64").encode()
    words.end()
    if mechanism not in _mechanisms(session):
        raise No("that mechanism is not offered")
    try:
        name = await _exchange(session, mechanism, initial)
    except AuthenticationError:
        raise No("wrong user or secret", "AUTHENTICATIONFAILED") from None
    except NotSupported as error:
        raise No(error.message) from None
    except ProtocolError as error:
        raise BadCommand(f"AUTHENTICATE: that was no {mechanism}: {error.message}") from None
    session.enter(name)
    return _welcome(session)


async def _exchange(session: Session, mechanism: str, initial: bytes) -> str:
    channel, users = session.channel, session.server.users
    exchange = sasl.serve(mechanism, users.find, nonce=nonce(), salt=nonce())
    challenge = next(exchange)
    while True:
        if initial:
            line, initial = initial, b""
        else:
            channel.put(b"+ " + sasl.encode(challenge) + b"\r\n")
            line = await channel.line()
        if line == sasl.CANCEL:
            raise BadCommand("AUTHENTICATE: given up, as you say")
        outcome = sasl.examine(exchange, sasl.decode(line))
        if isinstance(outcome, str):
            return outcome
        challenge = outcome


_CAN_ENABLE = {"CONDSTORE": ("CONDSTORE",), "QRESYNC": ("QRESYNC", "CONDSTORE"),
               "IMAP4REV2": ("IMAP4REV2",), "UTF8=ACCEPT": ("UTF8=ACCEPT",)}


async def enable(session: Session, words: Arguments) -> Done:
    """ENABLE (RFC 5161): what is unknown is left out of the answer."""
    wanted = [words.atom("a capability")]
    while words.take(b" ") and not words.at_end:
        wanted.append(words.atom("a capability"))
    words.end()
    enabled = []
    for name in wanted:
        if name in _CAN_ENABLE and session.can(name):
            enabled.append("IMAP4rev2" if name == "IMAP4REV2" else name)
            if "CONDSTORE" in _CAN_ENABLE[name]:
                session.use_condstore()
            session.enabled.update(_CAN_ENABLE[name])
    session.untagged(" ".join(["ENABLED", *enabled]).encode())
    return ("so be it",)


async def compress(session: Session, words: Arguments) -> Done:
    """COMPRESS DEFLATE (RFC 4978)."""
    if words.atom("DEFLATE") != "DEFLATE":
        raise BadCommand("COMPRESS: DEFLATE is all there is")
    words.end()
    if session.channel.is_compressed:
        raise No("it is compressed already", "COMPRESSIONACTIVE")
    session.finish("OK", "DEFLATE active")
    await session.channel.flush()
    session.channel.compress()
    return None


async def unauthenticate(session: Session, words: Arguments) -> Done:
    """UNAUTHENTICATE (RFC 8437): as after the greeting."""
    words.end()
    session.leave()
    session.user = ""
    session.enabled.clear()
    session.saved, session.of_new = [], ()
    session.wanted = session.notifying = None
    return ("you are nobody", f"CAPABILITY {' '.join(capabilities(session))}")
