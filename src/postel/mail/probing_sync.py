# GENERATED from probing_async.py by tools/unasync.py: edit that file, not this one.
"""Knocking: connect, come to TLS, read the greeting. Nothing secret is said, nobody logs in."""

from __future__ import annotations

from ..errors import ProtocolError
from ..timing import Deadline
from ..transport.clock_sync import now
from ..transport.connector_sync import Connector
from ..transport.names import HOSTS
from ..transport.stream_sync import Stream
from ..transport.tls import TLSOptions, context_for
from ..wire.text import display
from .discovery_types import Kind, Service

__all__ = ["knock"]

LONGEST = 8_192
"""Bytes of a greeting, or of an answer."""

_GREETINGS: dict[Kind, tuple[bytes, ...]] = {
    "imap": (b"* OK", b"* PREAUTH"), "pop3": (b"+OK",), "smtp": (b"220",)}
_UPGRADES: dict[Kind, tuple[tuple[bytes, bytes], ...]] = {
    "imap": ((b"p1 STARTTLS\r\n", b"p1 OK"),), "pop3": ((b"STLS\r\n", b"+OK"),),
    "smtp": ((b"EHLO [127.0.0.1]\r\n", b"250"), (b"STARTTLS\r\n", b"220"))}
"""What is said before TLS, and how the answer's last line begins."""


def knock(service: Service, *, tls: TLSOptions | None = None, timeout: float = 8.0) -> str:
    """Whether *service* is there and proves itself; its greeting.

    Args:
        service: where.
        tls: whom to trust.
        timeout: seconds for all of it.

    Raises:
        NetworkError: nobody is there, or the certificate is not for that name.
        ProtocolError: somebody else is there, or there is no TLS.
    """
    deadline = Deadline.after(timeout, now=now())
    if tls is None and (authority := HOSTS.authority(service.host)) is not None:
        tls = TLSOptions(ca=authority)
    context = context_for(tls)
    stream = Connector().connect(service.host, service.port, deadline=deadline)
    with stream:
        stream.deadline = deadline
        if service.security == "tls":
            stream.start_tls(context, service.host)
            return _greeting(stream, service)
        text = _greeting(stream, service)
        for said, expected in _UPGRADES[service.kind]:
            stream.send(said)
            _answer(stream, expected, service)
        stream.start_tls(context, service.host)
        return text


def _greeting(stream: Stream, service: Service) -> str:
    line = _line(stream, service)
    if not line.startswith(_GREETINGS[service.kind]):
        raise ProtocolError(f"knock at {service.host} port {service.port}: it greets with "
                            f"{display(line[:80].decode('latin-1'))}")
    while service.kind == "smtp" and line[3:4] == b"-":
        line = _line(stream, service)
    if service.kind == "imap" and line.startswith(b"* PREAUTH") and service.security != "tls":
        raise ProtocolError(f"knock at {service.host} port {service.port}: it lets anybody in "
                            "before TLS")
    return line.decode("latin-1").rstrip("\r\n")


def _answer(stream: Stream, expected: bytes, service: Service) -> None:
    """The last line of an answer; nothing may come after it before TLS (response injection)."""
    while True:
        line = _line(stream, service)
        if line.startswith(b"*") or line[3:4] == b"-":
            continue  # more follows
        if not line.startswith(expected):
            raise ProtocolError(f"knock at {service.host} port {service.port}: no TLS: "
                                f"{display(line[:80].decode('latin-1'))}")
        return


def _line(stream: Stream, service: Service) -> bytes:
    """One line, read byte by byte: what follows it may belong to TLS."""
    line = b""
    while not line.endswith(b"\n"):
        data = stream.receive(1)
        if not data:
            raise ProtocolError(f"knock at {service.host} port {service.port}: it hung up")
        line += data
        if len(line) > LONGEST:
            raise ProtocolError(f"knock at {service.host} port {service.port}: a line without end")
    return line
