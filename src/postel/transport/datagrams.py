"""What both datagram sockets share: set-up, and what routers and hosts say about what was sent.

A datagram that nobody takes is answered by ICMP "port unreachable". On Linux an unconnected socket
can hear that (IP_RECVERR): then a dead port is told at once, and not by a time-out; what came is
read from the socket's error queue, with the address it is about. Elsewhere only the clock tells.
"""

from __future__ import annotations

import errno
import socket
import struct
import sys

from ..urls import is_local
from .names import Address

__all__ = ["LARGEST", "LIKELY_MTU", "listen_datagrams", "payload_room", "troubles", "udp_socket"]

LARGEST = 65_535
"""Bytes of one datagram at most, headers included."""

LIKELY_MTU = 1_500
"""What passes in one piece nearly everywhere; longer datagrams are cut into fragments on the way,
of which none may be lost and many are stopped by firewalls."""

_LOOPBACK_MTU = 65_536  # Linux; others have 16,384, where fragments cost nothing either
_BUFFER = 1 << 20
_IP_RECVERR, _IPV6_RECVERR = 11, 25  # linux/in.h, linux/in6.h
_ERRORS = struct.Struct("=IBBBBII")  # struct sock_extended_err of linux/errqueue.h


def udp_socket(family: int, source: str | None = None) -> socket.socket:
    """A non-blocking socket for datagrams of *family*, bound to a free port.

    Args:
        family: ``socket.AF_INET`` or ``AF_INET6``.
        source: the local address to send from.

    Raises:
        OSError: this machine has no such address or family.
    """
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        if sys.platform == "linux":
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
            else:
                sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
        sock.bind((source or ("::" if family == socket.AF_INET6 else "0.0.0.0"), 0))  # noqa: S104
    except BaseException:
        sock.close()
        raise
    return sock


def listen_datagrams(host: str, port: int = 0) -> socket.socket:
    """A non-blocking socket that takes datagrams sent to *host*; port 0 takes a free one."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        sock.bind((host, port))
    except BaseException:
        sock.close()
        raise
    return sock


def troubles(sock: socket.socket) -> list[tuple[int, str, int]]:
    """What ICMP said: an errno, and the host and port that a datagram could not reach."""
    found: list[tuple[int, str, int]] = []
    if sys.platform != "linux":
        return found
    while True:
        try:
            _, extra, _, about = sock.recvmsg(1, 512, socket.MSG_ERRQUEUE)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EWOULDBLOCK, errno.EBADF):
                return found
            continue  # an error that was pending for the socket itself; asking clears it
        for _, kind, data in extra:
            if kind in (_IP_RECVERR, _IPV6_RECVERR) and len(data) >= _ERRORS.size and about:
                found.append((_ERRORS.unpack_from(data)[0], str(about[0]), int(about[1])))


def payload_room(address: Address) -> int:
    """Bytes of payload that a datagram to *address* likely carries in one piece.

    Example:
        >>> payload_room(Address(socket.AF_INET, ("192.0.2.1", 69)))
        1472
    """
    mtu = _LOOPBACK_MTU if is_local(str(address.sockaddr[0])) else LIKELY_MTU
    return mtu - 8 - (40 if address.family == socket.AF_INET6 else 20)
