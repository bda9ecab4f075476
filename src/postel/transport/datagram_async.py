# A conversation (its twin datagram_sync.py is generated): datagrams over our own UDP socket.
"""Datagrams beside the streams: one socket, any number of other ends, a limit of time per receive.

The socket is not connected: TFTP's answers come from another port than was asked, and strangers
are to be told so. It is tried first and waited for only when nothing is there; whatever has come is
handed over at once, many datagrams to a wait.
"""

from __future__ import annotations

import errno
import os

from ..errors import Attempt, ConnectError, ConnectionLost, NetworkError
from ..timing import NEVER, Deadline
from .connector_async import AsyncConnector
from .datagrams import LARGEST, troubles, udp_socket
from .names import Address, interleave, not_found
from .ready_async import hang_up, wait_ready

__all__ = ["AsyncDatagrams", "addresses_of"]

_TOGETHER = 64
"""Datagrams taken before they are looked at: others get their turn, and answers leave in time."""

Place = tuple[str, int] | tuple[str, int, int, int]


async def addresses_of(
    host: str, port: int, *, family: int = 0, deadline: Deadline = NEVER
) -> list[Address]:
    """The addresses of *host*, in the order to try them.

    Raises:
        ResolveError: it has none.
        TimedOut: the deadline passed while the name was looked up.
    """
    found = interleave(await AsyncConnector(family=family)._addresses(host, port, deadline), family)
    if not found:
        raise not_found(host, "it has no address of that family")
    return found


class AsyncDatagrams:
    """A UDP socket.

    Args:
        address: the one that datagrams go to first; its family is the socket's.
        source: the local address to send from.

    Attributes:
        largest: bytes of a datagram that are taken; longer ones are cut.
        peer: the one whose refusal is an error; at first that address.

    Raises:
        ConnectError: this machine has no socket of that family, or not that local address.
    """

    def __init__(self, address: Address, source: str | None = None) -> None:
        self.address = address
        self.largest = LARGEST
        self.peer: Place = address.sockaddr
        self.sent = self.received = 0
        self._closed = False
        self._trouble: ConnectError | None = None
        try:
            self._sock = udp_socket(address.family, source)
        except OSError as error:
            reason = error.strerror or str(error)
            raise ConnectError(f"send to {address}: {reason}",
                               attempts=(Attempt(str(address), reason, 0.0),)) from error

    @property
    def local_address(self) -> Place:
        """This end."""
        place: Place = self._sock.getsockname()
        return place

    def fileno(self) -> int:
        """The descriptor."""
        return self._sock.fileno()

    async def send(self, data: bytes, to: Place) -> None:
        """Send one datagram.

        That nobody listens there is told by `receive`: what the peer sent before it went comes
        first. (atftpd leaves at once with its last acknowledgement; a repeated block is refused.)

        Raises:
            ConnectionLost: this machine cannot send it.
        """
        for _ in range(3):
            try:
                self._sock.sendto(data, to)
            except (BlockingIOError, InterruptedError):
                await self._ready(write=True, seconds=1.0)
            except (ConnectionRefusedError, ConnectionResetError):
                self._hear()  # about an earlier one, and maybe to somebody else
            except OSError as error:
                raise self._failure(error) from error
            else:
                self.sent += 1
                return

    def send_now(self, data: bytes, to: Place) -> None:
        """Send one datagram if that takes no waiting; else it is lost, as datagrams may be."""
        try:
            self._sock.sendto(data, to)
        except (OSError, ValueError):
            pass

    async def receive(
        self, seconds: float | None, most: int = _TOGETHER
    ) -> list[tuple[bytes, Place]]:
        """What has come, without a wait if anything has; nothing after *seconds* at most.

        Args:
            seconds: to wait at most; None waits for ever.
            most: datagrams at once; who expects one saves the look for another.

        Raises:
            ConnectError: the peer has said that nobody listens there.
            ConnectionLost: this machine cannot receive.
        """
        found = self._at_hand(most)
        if not found and self._trouble is None and await self._ready(write=False, seconds=seconds):
            found = self._at_hand(most)
            if not found:
                self._hear()  # it was woken by what ICMP said
        if not found and self._trouble is not None:
            raise self._trouble
        self.received += len(found)
        return found

    def _at_hand(self, most: int) -> list[tuple[bytes, Place]]:
        found: list[tuple[bytes, Place]] = []
        while len(found) < most:
            try:
                found.append(self._sock.recvfrom(self.largest))
            except (BlockingIOError, InterruptedError):
                break
            except (ConnectionRefusedError, ConnectionResetError):
                self._hear()
            except OSError as error:
                raise self._failure(error) from error
        return found

    async def _ready(self, *, write: bool, seconds: float | None) -> bool:
        try:
            await wait_ready(self._sock.fileno(), write=write, seconds=seconds)
        except TimeoutError:
            return False
        except (OSError, ValueError) as error:  # it was closed meanwhile
            raise self._failure(error) from error
        return True

    def _hear(self) -> None:
        """Note what ICMP said; what is not about the peer is nothing to us."""
        for code, host, port in troubles(self._sock):
            if (host, port) == self.peer[:2]:
                self._trouble = self._refused(code)

    def _refused(self, code: int) -> ConnectError:
        refused = code == errno.ECONNREFUSED
        reason = "refused: nothing listens there" if refused else os.strerror(code)
        place = f"{self.peer[0]} port {self.peer[1]}"
        return ConnectError(
            f"send to {place}: {reason}", attempts=(Attempt(place, reason, 0.0),), code=code,
            hint="the host is up, but the service is not running or listens on another port"
            if refused else "check this machine's network and the host's address")

    def _failure(self, error: OSError | ValueError) -> NetworkError:
        reason = "it was closed here" if self._closed else (
            getattr(error, "strerror", None) or str(error))
        return ConnectionLost(f"datagrams to {self.peer[0]} port {self.peer[1]}: {reason}")

    async def aclose(self) -> None:
        """Close; may be called twice."""
        self.close_now()

    def close_now(self) -> None:
        """Close without a turn of the loop."""
        if not self._closed:
            self._closed = True
            hang_up(self._sock)
            self._sock.close()
