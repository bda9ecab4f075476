# GENERATED from data_async.py by tools/unasync.py: edit that file, not this one.
"""Data connections: opened, secured, and ended as the server's kind demands.

The order is the one that works everywhere: EPSV (or PASV) is answered with a port; the transfer
command follows; the TCP connection is made to *the control connection's peer*, whatever address a
PASV reply names; when the server says 150, and only then, TLS begins, resuming the control
connection's session (RFC 4217 section 10; vsftpd, ProFTPD and FileZilla insist on it).

What proves that all bytes came: the final reply, *and* for TLS the close_notify, *or* a size that
was announced and matches. A TLS stream torn off without a size to hold it against is an error.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import (
    ConnectError,
    NetworkError,
    NotSupported,
    PostelError,
    ProtocolError,
    ReplyError,
    TimedOut,
    UsageError,
)
from ..session.site_sync import FileSite
from ..timing import Deadline
from ..transport.clock_sync import now
from ..transport.connector_sync import Connector
from ..transport.passive_sync import Listener
from ..transport.stream_sync import Stream
from ..transport.tls import check_pin
from ..wire.replies import Reply
from . import replies
from .wire import FTPCommand, command

if TYPE_CHECKING:
    from .transfers_sync import Transfers

__all__ = ["LeftBehind", "Transfer"]

_LOST = (500, 503)
"""What servers answer to commands that come while they are busy with a transfer."""

_GLANCES = (0.05, 0.25)
"""Seconds between two looks at the control connection while the server is to call us."""

_LAST_WORD = 10.0
"""Seconds for what a server says of a transfer that was given up; over TLS Pure-FTPd at times says
nothing, and hears nothing any more."""

_EPSV_PATIENCE = 10.0
"""Seconds for the first data connection by EPSV, so that there is time left for PASV."""


class Transfer:
    """One transfer on its way: the commands that were sent for it, and its data connection.

    Args:
        site: the client.
        asked: RETR, STOR, MLSD …
        before: commands that must come right before it: REST, ALLO.
    """

    def __init__(
        self, site: Transfers, asked: FTPCommand, before: tuple[FTPCommand, ...] = ()
    ) -> None:
        self.site = site
        self.asked = asked
        self._before = before
        self._passive: FTPCommand | None = None
        self._queued = False
        self._where: int | None = None
        self._listener: Listener | None = None
        self.stream: Stream | None = None
        self.begun: Reply | None = None
        self.done: Reply | None = None

    # -- asking ----------------------------------------------------------------------------

    def ask_ahead(self) -> None:
        """Queue everything in one packet, while the last transfer is still ending."""
        site = self.site
        if site.active or site.learned.level == 0 or not site.learned.reachable:
            return
        if self._passive is not None:
            return  # asked already
        self._ask_passive()
        self._ask_transfer()

    @property
    def asked_ahead(self) -> bool:
        """Whether the server has been asked, and nothing been done about its answers."""
        return self._queued and self.begun is None

    def _ask_passive(self) -> None:
        verb = "EPSV" if self.site.learned.epsv else "PASV"
        self._passive = self.site._queue(command(verb))

    def _ask_transfer(self) -> None:
        for asked in (*self._before, self.asked):
            self.site._queue(asked)
        self._queued = True

    # -- opening ---------------------------------------------------------------------------

    def begin(self) -> None:
        """Open the data connection and hear the server say that it begins.

        Raises:
            ReplyError: it refuses.
            NetworkError: the data connection failed.
        """
        ahead = self.asked_ahead
        try:
            if self.site.active:
                self._call_me()
            else:
                self._connect()
            self._hear_beginning()
            if self._listener is not None:
                self.stream = self._called(self._listener)
            self._secure()
        except ReplyError as error:
            self.close()
            if ahead and error.code in _LOST:
                raise self._lost_its_place(error) from error
            raise
        except PostelError:
            self.close()
            raise
        except BaseException:
            self.site._unfinished = LeftBehind(self.site, [self])
            self.close()
            raise

    def settle(self) -> None:
        """Who asked for it was stopped before it began: the server must not wait for them.

        It may listen for the data connection and read no command until one is made. So one is
        made and closed, and what the server says of it is heard out.
        """
        if not self._queued or self.begun is not None or self.site.active:
            return  # what is still to be said of it is dropped when it comes
        try:
            port = self._where if self._where is not None else self._port()
            if not self._queued:
                return  # EPSV was refused, and with it what came along
            try:
                self.stream = self._reach(port)
            except ConnectError:
                pass  # it was made before, and closed since
            self._hang_up()
        finally:
            self.close()

    def _hang_up(self) -> None:
        """Let the transfer begin, and end it at once.

        With TLS too: vsftpd dies of a data connection that ends before its handshake.
        """
        reply = self.site._event(self.asked, Reply)
        if reply.kind == 1:
            self._secure()
            self.close()
            self._last_word()

    def _connect(self) -> None:
        site = self.site
        if self._passive is None:
            self._ask_passive()
            if site.learned.level > 0 and site.learned.reachable:
                self._ask_transfer()
        port = self._port()
        try:
            self.stream = self._reach(port)
        except ConnectError:
            reply = self._forget_answers()
            if reply is not None and reply.kind in (4, 5) and reply.code not in (425, 426):
                raise site._refusal(self.asked, reply) from None  # so it did not wait for us
            if not site.learned.epsv or ":" in site.peer.address:
                raise
            # an address translator that does not understand EPSV let the reply through, but not
            # the connection: PASV is remembered for this server
            site.learned.epsv = False
            self._passive, self._where, self._queued = None, None, False
            self._connect()
            return
        site.learned.reachable = True
        if not self._queued:
            self._ask_in_turn()

    def _ask_in_turn(self) -> None:
        """Ask for the transfer; where commands must not come together, one after the other."""
        site = self.site
        if site.learned.level == 0:
            for asked in self._before:
                self._heed(asked, site._final(site._queue(asked)))
            self._before = ()
        self._ask_transfer()

    def _heed(self, asked: FTPCommand, reply: Reply) -> None:
        """REST must be granted: the transfer would begin at the wrong place."""
        if reply.kind not in (2, 3):
            raise self.site._refusal(asked, reply, otherwise=NotSupported)

    def _port(self) -> int:
        """The port that the server listens on; falls back from EPSV to PASV once."""
        site = self.site
        if self._passive is None:
            self._ask_passive()
        asked = self._passive
        if asked is None:
            raise ReplyError("EPSV: not asked")
        reply = site._final(asked)
        if reply.kind == 2:
            if asked.verb == "EPSV":
                self._where = replies.epsv_port(reply)
            else:
                self._where = replies.pasv_address(reply)[1]
            return self._where
        self._forget_answers()
        if (reply.code == 421 or asked.verb == "PASV" or reply.code // 10 == 53
                or ":" in site.peer.address):  # PASV knows no IPv6
            raise site._refusal(asked, reply)
        site.learned.epsv = False
        self._passive, self._queued = None, False
        return self._port()

    def _forget_answers(self) -> Reply | None:
        """Hear out the transfer command that was sent along with a failed EPSV; its last word."""
        reply = None
        if self._queued:
            for asked in (*self._before, self.asked):
                reply = self.site._final(asked)
        return reply

    def _reach(self, port: int) -> Stream:
        site = self.site
        peer = site.peer
        direct = type(site._connector) is Connector and peer.address
        host = peer.address if direct else site.url.host  # a proxy's address is not the server's
        patience = site._deadline
        if site.learned.epsv and not site.learned.reachable:
            patience = patience.sooner(Deadline.after(_EPSV_PATIENCE, now=now()))
        stream = site._connector.connect(host, port, deadline=patience)
        stream.deadline = site._deadline
        return stream

    def _call_me(self) -> None:
        """Active mode: listen, and tell the server where (EPRT, or PORT where that is unknown)."""
        site = self.site
        if site._is_proxied():
            raise UsageError(
                f"{self.asked}: in active mode the server calls back, and a proxy lets no call in",
                hint='use passive mode, the default; or proxy="none" (--proxy none)')
        address = site._connected().local_address
        self._listener = Listener(address, site.url.host, site.peer.address)
        asked = site._queue(_eprt(address, self._listener.port))
        reply = site._final(asked)
        if reply.kind == 5 and ":" not in address:
            asked = site._queue(_port(address, self._listener.port))
            reply = site._final(asked)
        if reply.kind != 2:
            raise site._refusal(asked, reply)
        self._ask_in_turn()

    def _called(self, listener: Listener) -> Stream | None:
        """The connection that the server makes; now and then its words are listened for.

        Whoever cannot reach us says so (425, 421) where nobody would look before the time is up.
        """
        site, patience = self.site, _GLANCES[0]
        while True:
            try:
                return listener.accept(
                    site._deadline.sooner(Deadline.after(patience, now=now())))
            except TimedOut:
                if site._deadline.expired(now=now()):
                    raise
            patience = _GLANCES[1]
            self.done = self._overheard()
            if self.done is not None and self.done.kind != 2:
                raise site._refusal(self.asked, self.done)
            if self.done is not None:
                return None

    def _overheard(self) -> Reply | None:
        """What the server has said of the transfer meanwhile, if anything."""
        stream = self.site._connected()
        before, stream.deadline = stream.deadline, Deadline.after(0, now=now())
        try:
            return self.site._event(self.asked, Reply)
        except TimedOut:
            return None
        finally:
            stream.deadline = before

    def _hear_beginning(self) -> None:
        site = self.site
        for asked in self._before:
            reply = site._final(asked)
            if reply.kind not in (2, 3):
                self.close()
                self.done = site._final(self.asked)
            self._heed(asked, reply)
        reply = site._event(self.asked, Reply)
        if reply.kind == 2:  # nothing to move: some servers skip the 150 of an empty listing
            self.begun = self.done = reply
            if site._private_data:  # bytes that came without a handshake are nobody's
                self.close()
        elif reply.kind != 1:
            raise site._refusal(self.asked, reply)
        self.begun = reply

    def _secure(self) -> None:
        site, stream = self.site, self.stream
        if stream is None or self.done is not None or not site._private_data:
            return
        stream.deadline = site._deadline
        try:
            stream.start_tls(site.context, site.url.host,
                                   session=site._connected().tls_session)
        except NetworkError as error:
            raise self._why_no_tls(error) from error
        check_pin(stream.peer, site._tls)

    def _why_no_tls(self, error: NetworkError) -> Exception:
        """The server's own words on the control connection say more than a failed handshake."""
        reply = self.site._final(self.asked)
        self.done = reply
        if reply.kind == 2:
            return error
        return self.site._refusal(self.asked, reply)

    # -- ending ----------------------------------------------------------------------------

    def finish(self) -> Reply:
        """Close the data connection and hear the final reply.

        Raises:
            ReplyError: the server says that it failed.
        """
        self.close()
        site = self.site
        if self.done is None:
            site._progressed()
            self.done = site._final(self.asked)
        if self.done.code in _LOST:  # that ends no transfer: it answers what was sent ahead
            raise self._lost_its_place(self.done)
        if self.done.kind != 2:
            raise site._refusal(self.asked, self.done)
        return self.done

    def _lost_its_place(self, what: object) -> ProtocolError:
        return ProtocolError(
            f"{self.asked}: the server lost its place among commands sent ahead: {what}",
            hint="connect again: they are sent one at a time then")

    def close(self) -> None:
        """Close the data connection; the reply is still to come."""
        stream, self.stream = self.stream, None
        if stream is not None:
            stream.close()
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()

    def abandon(self) -> None:
        """Give up: close the data connection, and hear what the server makes of it."""
        self.close()
        if self.begun is not None and self.done is None and self.site.is_open:
            try:
                self.done = self._last_word()
            except NetworkError:
                self.site._drop()  # now, why we gave up matters; the next one connects again
                self.site._unfinished = LeftBehind(self.site, (), reopen=True)

    def _last_word(self) -> Reply:
        """The reply that ends a transfer which was given up.

        Pure-FTPd ends one with a second 150 ("… seconds, measured here") and nothing after it.
        """
        patience = Deadline.after(self.site.timeout, now=now())
        self.site._allow_until(patience.sooner(Deadline.after(_LAST_WORD, now=now())))
        reply = self.site._event(self.asked, Reply)
        if reply.kind == 1:
            self.site._control.give_up(self.asked)
        return reply


class LeftBehind:
    """Transfers that were asked for ahead, and that nobody comes for any more.

    Args:
        site: the client.
        transfers: in the order in which they were asked for.
        reopen: the connection was lost over them: the next command gets a new one.
    """

    def __init__(
        self, site: Transfers, transfers: Iterable[Transfer], *, reopen: bool = False
    ) -> None:
        self._site = site
        self._transfers = deque(transfers)
        self._reopen = reopen

    def settle(self) -> None:
        """Let the server have done with each."""
        try:
            while self._transfers:
                with suppress(ReplyError):  # a refusal: so the server does not wait
                    self._transfers[0].settle()
                self._transfers.popleft()
        except NetworkError:
            self._site._drop()
            self._reopen = True
        except PostelError:
            raise
        except BaseException:
            self._site._unfinished = self
            raise
        if self._reopen and isinstance(self._site, FileSite):
            self._site.reopen()


def _eprt(address: str, port: int) -> FTPCommand:
    """EPRT (RFC 2428 section 2): 1 is IPv4, 2 is IPv6."""
    return command("EPRT", f"|{2 if ':' in address else 1}|{address}|{port}|")


def _port(address: str, port: int) -> FTPCommand:
    """PORT: six numbers."""
    return command("PORT", f"{address.replace('.', ',')},{port >> 8},{port & 255}")

