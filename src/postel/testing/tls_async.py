# A conversation (its twin tls_sync.py is generated): the conformance suite for starting TLS.
"""What every stream keeps that can go on in TLS, as checks that take two joined ends in the clear.

Certificates come from the maker: `postel.lab` has an authority, and so has `trustme`.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..errors import CertificateError, NetworkError, TimedOut, TLSError
from ..timing import Deadline
from ..transport.clock_async import Later, now
from ..transport.crew_async import AsyncCrew
from ..transport.stream_async import AsyncStream
from .streams_async import expect, read_all

__all__ = ["TLS_CHECKS", "AsyncTLSCheck", "Contexts"]


class Contexts(NamedTuple):
    """Both sides of a handshake, and the name that the server's certificate is for."""

    server: ssl.SSLContext
    client: ssl.SSLContext
    name: str


AsyncTLSCheck = Callable[[AsyncStream, AsyncStream, Contexts], Later[None]]
"""A check: two joined streams and contexts in, an `AssertionError` out."""

WRONG = "elsewhere.example.org"


async def shake(one: AsyncStream, other: AsyncStream, contexts: Contexts) -> None:
    """Go on in TLS, *other* as the server."""
    async with AsyncCrew() as crew:
        crew.start(other.start_tls, contexts.server, None, server_side=True)
        await one.start_tls(contexts.client, contexts.name)


async def serve_in_vain(stream: AsyncStream, context: ssl.SSLContext) -> None:
    """Be the server of a handshake that is bound to fail."""
    try:
        await stream.start_tls(context, None, server_side=True)
        await stream.receive()
    except NetworkError:
        pass  # how the client sees it is what matters


async def failure(stream: AsyncStream, contexts: Contexts, name: str = "") -> NetworkError:
    """The error of a client's handshake that must fail."""
    try:
        await stream.start_tls(contexts.client, name or contexts.name)
    except NetworkError as error:
        return error
    raise AssertionError("the handshake succeeded")


async def tls_goes_on(one: AsyncStream, other: AsyncStream, contexts: Contexts) -> None:
    """After words in the clear, TLS; both directions, and a clean end."""
    await one.send(b"STARTTLS")
    expect(await other.receive(8) == b"STARTTLS", "in the clear")
    expect(one.peer.tls is None, "no TLS yet")
    await shake(one, other, contexts)
    await one.send(b"secret")
    expect(await other.receive() == b"secret", "to the server")
    await other.send(b"known")
    await other.end_sending()
    expect(await read_all(one) == b"known", "to the client")
    expect(one.ended and one.clean, "a clean end")


async def the_peer_is_told(one: AsyncStream, other: AsyncStream, contexts: Contexts) -> None:
    """After the handshake, `peer` has version, cipher and certificate."""
    await shake(one, other, contexts)
    found = one.peer
    expect(bool(found.tls) and bool(found.cipher), "version and cipher")
    expect(found.certificate is not None and contexts.name in found.certificate.names,
           "the server's certificate")
    expect(other.peer.tls == found.tls, "both sides speak of one thing")


async def the_name_is_checked(one: AsyncStream, other: AsyncStream, contexts: Contexts) -> None:
    """A good certificate for another name is refused."""
    async with AsyncCrew() as crew:
        crew.start(serve_in_vain, other, contexts.server)
        error = await failure(one, contexts, WRONG)
        await one.aclose()
    expect(isinstance(error, CertificateError), f"it is the certificate: {error!r}")
    expect("another name" in str(error) and WRONG in error.hint, "the error says so")
    expect(one.broken, "a failed handshake marks the stream broken")


async def clear_text_is_told(one: AsyncStream, other: AsyncStream, contexts: Contexts) -> None:
    """A server that goes on in the clear is told from one that fails in TLS."""
    await other.send(b"220 ftp.example.org ready\r\n")
    error = await failure(one, contexts)
    expect(isinstance(error, TLSError) and "clear text" in str(error), f"clear text: {error!r}")
    expect(bool(error.hint), "there is a hint")


async def hanging_up_is_told(one: AsyncStream, other: AsyncStream, contexts: Contexts) -> None:
    """A server that ends the connection instead of shaking hands."""
    await other.end_sending()
    error = await failure(one, contexts)
    expect(isinstance(error, TLSError) and "during the handshake" in str(error),
           f"it hung up: {error!r}")


async def silence_ends(one: AsyncStream, other: AsyncStream, contexts: Contexts) -> None:
    """A handshake keeps its deadline."""
    one.deadline = Deadline.after(0.05, now=now())
    error = await failure(one, contexts)
    expect(isinstance(error, TimedOut), f"time was up: {error!r}")
    expect(not other.broken, "the other side may still be asked")


async def tls_ends(one: AsyncStream, other: AsyncStream, contexts: Contexts) -> None:
    """After `end_tls` on both sides the streams go on in the clear (FTP's CCC, RFC 4217)."""
    await shake(one, other, contexts)
    await one.send(b"CCC")
    expect(await other.receive() == b"CCC", "in TLS")
    async with AsyncCrew() as crew:
        crew.start(other.end_tls)
        await one.end_tls()
    expect(one.peer.tls is None and one.peer.certificate is None, "no TLS any more")
    await one.send(b"NOOP")
    expect(await other.receive() == b"NOOP", "in the clear")
    await other.send(b"200")
    expect(await one.receive() == b"200", "in the clear, back")


TLS_CHECKS: Sequence[AsyncTLSCheck] = (
    tls_goes_on,
    the_peer_is_told,
    the_name_is_checked,
    clear_text_is_told,
    hanging_up_is_told,
    silence_ends,
    tls_ends,
)
"""All checks, in order of what they take for granted."""
