"""The lab's news server: greeting, capabilities, modes, TLS, log-ins, compression. Service code."""

from __future__ import annotations

from .._version import __version__
from ..errors import AuthenticationError, ProtocolError
from ..transport.entropy import nonce
from ..wire import sasl
from .server_session import Answer, Session
from .wire import Request

__all__ = ["VERBS", "greet"]

_MECHANISMS = ("SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN", "XOAUTH2",
               "OAUTHBEARER", "EXTERNAL")
_CLEAR_SECRETS = ("PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER")
_LISTS = ("ACTIVE ACTIVE.TIMES COUNTS DISTRIB.PATS DISTRIBUTIONS HEADERS MODERATORS MOTD "
          "NEWSGROUPS OVERVIEW.FMT SUBSCRIPTIONS")


def greet(session: Session) -> None:
    """The first line, and that of MODE READER."""
    code = 200 if may_post(session) else 201
    session.say(f"{code} Postel lab {__version__} NNTP ready")


def may_post(session: Session) -> bool:
    """Whether POST would be taken."""
    posting = session.server.options.posting
    return posting == "all" or (posting == "users" and bool(session.user))


def _mechanisms(session: Session) -> list[str]:
    return [name for name in _MECHANISMS if session.is_secure or name not in _CLEAR_SECRETS]


def _capabilities(session: Session) -> list[str]:
    options = session.server.options
    if options.capabilities is not None:
        return [*options.capabilities]
    lines = ["VERSION 2", f"IMPLEMENTATION Postel-{__version__}"]
    if "mode-switching" in options.quirks and not session.is_reader:
        lines += ["MODE-READER"]
    else:
        over = [] if "no-over" in options.quirks else ["OVER MSGID", "HDR"]
        lines += ["READER", f"LIST {_LISTS}", *over, "XPAT"]
        lines += ["POST"] * may_post(session) + ["NEWNEWS"] * options.newnews
    if options.feeding:
        lines += ["IHAVE", "STREAMING"]
    if session.server.tls is not None and not session.is_tls and not session.wire.is_compressed:
        lines.append("STARTTLS")
    if options.auth != "none" and not session.user and not session.wire.is_compressed:
        lines += [f"AUTHINFO{' USER' if session.is_secure else ''} SASL",
                  f"SASL {' '.join(_mechanisms(session))}"]
    if options.compress and not session.wire.is_compressed:
        lines.append("COMPRESS DEFLATE")
    return [*lines, *(["XFEATURE-COMPRESS GZIP TERMINATOR"] if options.zipped else [])]


def capabilities(session: Session, request: Request) -> None:
    """CAPABILITIES."""
    if "no-capabilities" in session.server.options.quirks:
        raise Answer("500 what?")
    session.tell("101 what there is", [line.encode() for line in _capabilities(session)])


def mode_reader(session: Session, request: Request) -> None:
    """MODE READER."""
    session.is_reader = True
    greet(session)


def mode_stream(session: Session, request: Request) -> None:
    """MODE STREAM."""
    if not session.server.options.feeding:
        raise Answer("501 no streaming")
    session.say("203 stream")


async def starttls(session: Session, request: Request) -> None:
    """STARTTLS: what was known of the client is forgotten."""
    server = session.server
    if server.tls is None:
        raise Answer("580 no TLS to be had")
    if session.is_tls or session.user or session.wire.is_compressed:
        raise Answer("502 not now")
    session.say("382 begin TLS")
    await session.flush()
    session.wire.end_of_clear_text()
    await session.stream.start_tls(server.tls, None, server_side=True)
    session.group, session.name = None, ""


def compress(session: Session, request: Request) -> None:
    """COMPRESS DEFLATE."""
    if not session.server.options.compress:
        raise Answer("500 what?")
    if request.rest.upper() != "":
        raise Answer("501 DEFLATE and nothing else")
    if session.wire.is_compressed:
        raise Answer("502 it is compressed already")
    session.say("206 compressed from now on")
    session.wire.compress()


def xfeature(session: Session, request: Request) -> None:
    """XFEATURE COMPRESS GZIP [TERMINATOR]."""
    words = [word.upper() for word in request.arguments]
    if not session.server.options.zipped or words[:1] != ["GZIP"]:
        raise Answer("501 no such feature")
    session.zipped, session.terminator = True, "TERMINATOR" in words
    session.say("290 feature enabled")


# -- log-ins -------------------------------------------------------------------------------


def _check_may_log_in(session: Session) -> None:
    if session.user:
        raise Answer("502 you are logged in already")
    if session.server.options.auth == "none":
        raise Answer("502 nobody logs in here")
    if session.wire.is_compressed:
        raise Answer("502 not after COMPRESS")


def auth_user(session: Session, request: Request) -> None:
    """AUTHINFO USER."""
    _check_may_log_in(session)
    if not session.is_secure:
        raise Answer("483 STARTTLS first")
    session.name = request.rest
    session.say("381 and the password?")


def auth_pass(session: Session, request: Request) -> None:
    """AUTHINFO PASS."""
    _check_may_log_in(session)
    if not session.name:
        raise Answer("482 AUTHINFO USER first")
    name, session.name = session.name, ""
    _enter(session, name, session.server.users.check(name, request.rest), "281 welcome")


def _enter(session: Session, name: str, known: bool, text: str) -> None:
    if not known:
        raise Answer("481 wrong user or password")
    session.user = name
    session.say(text)
    if "greets-twice" in session.server.options.quirks:
        greet(session)


async def auth_sasl(session: Session, request: Request) -> None:
    """AUTHINFO SASL."""
    _check_may_log_in(session)
    mechanism, _, initial = request.rest.partition(" ")
    mechanism = mechanism.upper()
    if mechanism not in _mechanisms(session):
        raise Answer("483 STARTTLS first" if mechanism in _CLEAR_SECRETS else "503 not offered")
    try:
        name = await _exchange(session, mechanism, initial.strip().encode())
    except AuthenticationError:
        raise Answer("481 no") from None
    except ProtocolError:
        raise Answer(f"482 that was no {mechanism}") from None
    _enter(session, name, True, "281 welcome")


async def _exchange(session: Session, mechanism: str, initial: bytes) -> str:
    """Drive the mechanism's server side; return the user."""
    exchange = sasl.serve(mechanism, session.server.users.find, nonce=nonce(), salt=nonce())
    challenge = next(exchange)
    while True:
        if initial:
            line, initial = initial, b""
        else:
            session.put(b"383 " + sasl.encode(challenge, initial=True) + b"\r\n")
            line = await session.line()
        if line == sasl.CANCEL:
            raise Answer("481 cancelled")
        outcome = sasl.examine(exchange, sasl.decode(line))
        if isinstance(outcome, str):
            return outcome
        challenge = outcome


VERBS = {
    "AUTHINFO PASS": auth_pass,
    "AUTHINFO SASL": auth_sasl,
    "AUTHINFO USER": auth_user,
    "CAPABILITIES": capabilities,
    "COMPRESS DEFLATE": compress,
    "MODE READER": mode_reader,
    "MODE STREAM": mode_stream,
    "STARTTLS": starttls,
    "XFEATURE COMPRESS": xfeature,
}
"""These are allowed without a log-in."""
