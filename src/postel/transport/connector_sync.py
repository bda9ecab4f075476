# GENERATED from connector_async.py by tools/unasync.py: edit that file, not this one.
"""Connecting: look the name up, race its addresses, say why each one failed.

RFC 8305 ("Happy Eyeballs"): the addresses are tried in turn, a quarter of a second apart, without
giving up on those under way; the first that connects wins. A host of two addresses one of which
is dead costs a quarter of a second, not the two minutes of a TCP time-out.
"""

from __future__ import annotations

import errno
import os
import socket
from collections import deque
from dataclasses import dataclass, field

from ..errors import Attempt, ConnectError, TimedOut
from ..timing import NEVER, Deadline
from .clock_sync import now
from .dial_sync import connected, look_up
from .names import Address, Resolver, interleave, known, not_found, resolve
from .socket_sync import SocketStream
from .sockets import round_trip
from .stream_sync import Stream

__all__ = ["STAGGER", "Connector"]

STAGGER = 0.25
"""Seconds between the starts of two attempts (RFC 8305 section 5, "Connection Attempt Delay")."""


@dataclass
class Connector:
    """Opens connections the same way each time.

    Args:
        source_address: local address to connect from.
        family: ``socket.AF_INET`` or ``AF_INET6`` to use only that; 0 for both.
        resolver: from host and port to addresses; the system's by default.
    """

    source_address: str | None = None
    family: int = 0
    resolver: Resolver = field(default=resolve)

    def connect(self, host: str, port: int, *, deadline: Deadline = NEVER) -> Stream:
        """Connect to *host* and return the stream.

        Raises:
            ResolveError: the name has no address.
            ConnectError: no address answered; it holds the reason of each.
            TimedOut: the deadline passed while the name was looked up.
        """
        return self._dial(host, port, deadline)

    def _dial(self, host: str, port: int, deadline: Deadline) -> SocketStream:
        addresses = interleave(self._addresses(host, port, deadline), self.family)
        if not addresses:
            kind = "IPv6" if self.family == socket.AF_INET6 else "IPv4"
            raise not_found(host, f"it has no {kind} address")
        race = _Race(addresses, self.source_address, deadline)
        sock = race.run()
        if sock is None:
            raise _failed(host, port, race.attempts)
        stream = SocketStream(sock, host)
        told = round_trip(sock)
        stream.latency = race.latency if told is None else min(told, race.latency)
        return stream

    def _addresses(self, host: str, port: int, deadline: Deadline) -> list[Address]:
        if (found := known(host, port)) is not None:
            return found
        try:
            return look_up(self.resolver, host, port, deadline.remaining(now=now()))
        except TimeoutError:
            raise TimedOut(
                f"look up {host}: the name server did not answer in time",
                hint="is this machine on the network?",
            ) from None
        except (OSError, UnicodeError) as error:
            raise not_found(host, error) from error


class _Race:
    """Attempts under way at once; the first to connect wins."""

    def __init__(self, addresses: list[Address], source: str | None, deadline: Deadline) -> None:
        self._waiting = deque(addresses)
        self._source = source
        self._deadline = deadline
        self._running: dict[socket.socket, tuple[Address, float]] = {}
        self.attempts: list[Attempt] = []
        self.latency = 0.0

    def run(self) -> socket.socket | None:
        """The connected socket, or None when all have failed."""
        try:
            while self._waiting or self._running:
                if self._waiting:
                    self._start(self._waiting.popleft())
                if self._running and (winner := self._await_one()) is not None:
                    return winner
            return None
        finally:
            for sock in self._running:
                sock.close()

    def _start(self, address: Address) -> None:
        began = now()
        try:
            sock = socket.socket(address.family, socket.SOCK_STREAM)
        except OSError as error:  # a machine without IPv6 may still reach the next address
            self._note(address, _reason(error.errno or errno.EINVAL), began)
            return
        sock.setblocking(False)
        try:
            if self._source is not None:
                sock.bind((self._source, 0))
            code = sock.connect_ex(address.sockaddr)
        except socket.gaierror:
            code = errno.EADDRNOTAVAIL  # an address of the other family, or none at all
        except OSError as error:
            code = error.errno or errno.EINVAL
        if code in (0, errno.EINPROGRESS, errno.EWOULDBLOCK):
            self._running[sock] = address, began
        else:
            sock.close()
            self._note(address, _reason(code), began)

    def _await_one(self) -> socket.socket | None:
        """Wait for news until the next attempt is due; return a winner if there is one."""
        left = self._deadline.remaining(now=now())
        if left is not None and left <= 0:
            self._give_up()
            return None
        pause = left
        if self._waiting:
            pause = STAGGER if left is None else min(STAGGER, left)
        for sock in connected(tuple(self._running), pause):
            address, began = self._running.pop(sock)
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code == 0:
                self.latency = now() - began
                return sock
            sock.close()
            self._note(address, _reason(code), began)
        return None

    def _give_up(self) -> None:
        """The time is up for all that are under way and all that never started."""
        for sock, (address, began) in self._running.items():
            sock.close()
            self._note(address, "no answer in time", began)
        self._running.clear()
        for address in self._waiting:
            self._note(address, "not tried: no time was left", now())
        self._waiting.clear()

    def _note(self, address: Address, reason: str, began: float) -> None:
        self.attempts.append(Attempt(str(address), reason, now() - began))


def _reason(code: int) -> str:
    known_reasons = {
        errno.ECONNREFUSED: "refused: nothing listens there",
        errno.ETIMEDOUT: "no answer",
        errno.EHOSTUNREACH: "no route to that host",
        errno.ENETUNREACH: "no route to that network",
        errno.EADDRNOTAVAIL: "that address cannot be used from here",
        errno.EAFNOSUPPORT: "this machine does not speak that family of addresses",
        errno.EMFILE: "this program has too many files open",
        errno.ECONNRESET: "reset by the other side",
        errno.EACCES: "forbidden by this machine's firewall",
        errno.EPERM: "forbidden by this machine's firewall",
    }
    return known_reasons.get(code) or os.strerror(code)


def _failed(host: str, port: int, attempts: list[Attempt]) -> ConnectError:
    reasons = {attempt.reason for attempt in attempts}
    if all(reason.startswith("refused") for reason in reasons):
        hint = "the host is up, but the service is not running or listens on another port"
    elif any("in time" in reason or reason == "no answer" for reason in reasons):
        hint = "a firewall may drop the packets; or the host is down; timeout= waits longer"
    else:
        hint = "check this machine's network and the host's address"
    told = "; ".join(map(str, attempts))
    return ConnectError(f"connect to {host} port {port}: {told}", attempts=attempts, hint=hint)
