"""The face of `telnetlib`, which Python lost in 3.13, on this library's grammar.

Service code, sync. Names, arguments, results and exceptions are those of the module of 3.12, so
that a program goes on with one line changed::

    from postel.compat import telnetlib

What comes is found by the chunk and not by the byte, and long waits take linear time. As ever, all
options are refused unless a callback answers them. docs/compat.md tells what differs.
"""

from __future__ import annotations

import re
import selectors
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..expect.matching import Search, patterns_of
from ..telnet import codes
from ..telnet.wire import Changed, Data, Event, Heard, Message, Wire
from .telnet_names import OLD_CONSTANTS

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Telnet"]

globals().update(OLD_CONSTANTS)

DEBUGLEVEL = 0
TELNET_PORT = 23

_TelnetSelector: Any = getattr(selectors, "PollSelector", selectors.SelectSelector)
_UNSET: Any = getattr(socket, "_GLOBAL_DEFAULT_TIMEOUT", None)
_READ = 65_536
_DROPPED = b"\0\x11"  # NUL, and XON as the old module did
_WHOLE = 1 << 20  # text up to which expressions are searched for in all of it
_LOOK_BACK = 65_536

Callback = Callable[[Any, bytes, bytes], object]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A WILL, WONT, DO or DONT that nobody has answered."""

    verb: int
    option: int


class _Raw(Wire):
    """The grammar without its answers: the old module tells everything, and answers itself."""

    def _negotiated(self, verb: int, option: int) -> Event | None:
        self.asked.append(_Asked(verb, option))
        return Changed(option, verb in (codes.DO, codes.DONT), verb in (codes.DO, codes.WILL))

    def _command(self, command: int) -> Event | None:
        found = super()._command(command)
        return Heard(codes.SB) if command == codes.SB and self._message is not None else found

    def _ended(self, message: bytes) -> Event | None:
        return Message(codes.SE, message)

    asked: list[_Asked]


class Telnet:
    """A connection to a Telnet server.

    Args:
        host: connects at once, if it is given.
        port: 0 is 23.
        timeout: seconds; by default the system's (`socket.setdefaulttimeout`).

    Example:
        >>> from postel import lab
        >>> with lab.start("telnet") as here, Telnet(*here.address("telnet")) as old:
        ...     old.read_until(b"login: ", 5)
        b'lab login: '
    """

    def __init__(self, host: str | None = None, port: int | str = 0, timeout: Any = _UNSET) -> None:
        self.debuglevel = DEBUGLEVEL
        self.host, self.port, self.timeout = host, port, timeout
        self.sock: Any = None
        self.eof: bool | int = 0
        self.rawq = b""
        self._cooked = bytearray()
        self.sbdataq = b""
        self.option_callback: Callback | None = None
        self._fresh()
        if host is not None:
            self.open(host, port, timeout)

    def _fresh(self) -> None:
        self._wire = _Raw()
        self._wire.asked = []

    @property
    def cookedq(self) -> bytes:
        """What has come and was not read."""
        return bytes(self._cooked)

    @cookedq.setter
    def cookedq(self, data: bytes) -> None:
        self._cooked = bytearray(data)

    def open(self, host: str, port: int | str = 0, timeout: Any = _UNSET) -> None:
        """Connect to *host*; a second time only after `close`."""
        self.eof = 0
        self.host, self.port, self.timeout = host, port or TELNET_PORT, timeout
        sys.audit("telnetlib.Telnet.open", self, host, self.port)
        self.sock = socket.create_connection((host, self.port), timeout)

    def close(self) -> None:
        """Close the connection; may be called twice."""
        sock, self.sock = self.sock, None
        self.eof = True
        self._fresh()
        if sock:
            sock.close()

    def __del__(self) -> None:
        self.close()

    def __enter__(self) -> Telnet:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def set_debuglevel(self, debuglevel: int) -> None:
        """How much is told on standard output; 0 is nothing."""
        self.debuglevel = debuglevel

    def msg(self, msg: str, *args: object) -> None:
        """Tell something, where that is wanted."""
        if self.debuglevel > 0:
            sys.stdout.write(f"Telnet({self.host},{self.port}): {msg % args if args else msg}\n")

    def get_socket(self) -> Any:
        """The socket."""
        return self.sock

    def fileno(self) -> int:
        """The descriptor of the socket."""
        number: int = self.sock.fileno()
        return number

    def write(self, buffer: bytes) -> None:
        """Send bytes, every 255 doubled.

        Raises:
            OSError: the connection is closed.
        """
        sys.audit("telnetlib.Telnet.write", self, buffer)
        data = buffer.replace(b"\xff", b"\xff\xff")
        self.msg("send %r", data)
        self.sock.sendall(data)

    def set_option_negotiation_callback(self, callback: Callback | None) -> None:
        """Have *callback* called with the socket, a command and an option, for each that comes."""
        self.option_callback = callback

    # -- reading without waiting -----------------------------------------------------------

    def read_very_lazy(self) -> bytes:
        """What is cooked already.

        Raises:
            EOFError: nothing is, and nothing will be.
        """
        data = self._take(len(self._cooked))
        if not data and self.eof and not self.rawq:
            raise EOFError("telnet connection closed")
        return data

    def read_lazy(self) -> bytes:
        """What is in the queues; no byte is read from the socket."""
        self.process_rawq()
        return self.read_very_lazy()

    def read_eager(self) -> bytes:
        """What is at hand, the socket included."""
        self.process_rawq()
        while not self._cooked and not self.eof and self.sock_avail():
            self._more()
        return self.read_very_lazy()

    def read_very_eager(self) -> bytes:
        """All that is at hand, the socket included."""
        self.process_rawq()
        while not self.eof and self.sock_avail():
            self._more()
        return self.read_very_lazy()

    def read_sb_data(self) -> bytes:
        """What the last subnegotiation said; it is not given twice."""
        data, self.sbdataq = self.sbdataq, b""
        return data

    # -- reading that waits ----------------------------------------------------------------

    def read_all(self) -> bytes:
        """Everything until the connection ends."""
        self.process_rawq()
        while not self.eof:
            self._more()
        return self._take(len(self._cooked))

    def read_some(self) -> bytes:
        """At least one byte, or b"" at the end."""
        self.process_rawq()
        while not self._cooked and not self.eof:
            self._more()
        return self._take(len(self._cooked))

    def read_until(self, match: bytes, timeout: float | None = None) -> bytes:
        """Everything up to *match*; after *timeout* seconds, what has come.

        Raises:
            EOFError: the connection has ended, and nothing is left.
        """
        if not match:
            return b""
        search = Search(patterns_of({"match": match}))

        def look() -> int | None:
            found = search.find(self._cooked)
            return None if found is None else len(found.before) + len(found.after)

        end = self._wait(look, timeout)
        return self.read_very_lazy() if end is None else self._take(end)

    def expect(self, list: Sequence[Any], timeout: float | None = None
               ) -> tuple[int, re.Match[bytes] | None, bytes]:
        """Wait for one of several expressions.

        Args:
            list: expressions, compiled or not.
            timeout: seconds; None waits for ever.

        Returns:
            The number of the one that matched, the match, and everything up to its end; or -1, None
            and what has come.

        Raises:
            EOFError: the connection has ended, and nothing is left.
        """
        wanted = [one if hasattr(one, "search") else re.compile(one) for one in list]
        seen = 0

        def look() -> tuple[int, re.Match[bytes]] | None:
            nonlocal seen
            start = 0 if len(self._cooked) <= _WHOLE else max(0, seen - _LOOK_BACK)
            seen = len(self._cooked)
            for number, pattern in enumerate(wanted):
                if not pattern.search(self._cooked, start):
                    continue
                match = pattern.search(bytes(self._cooked), start)  # it must not hold what changes
                if match is not None:
                    return number, match
            return None

        found = self._wait(look, timeout)
        if found is not None:
            return found[0], found[1], self._take(found[1].end())
        data = self.read_very_lazy()
        return -1, None, data

    def _wait(self, look: Callable[[], Any], timeout: float | None) -> Any:
        """What *look* finds, asked after everything that comes; None at the end, or in vain."""
        deadline = None if timeout is None else time.monotonic() + timeout
        self.process_rawq()
        found = look()
        with _TelnetSelector() as selector:
            selector.register(self, selectors.EVENT_READ)
            while found is None and not self.eof:
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left < 0:
                    return None
                if selector.select(left):
                    self._more()
                    found = look()
        return found

    # -- queues ----------------------------------------------------------------------------

    def _more(self) -> None:
        self.fill_rawq()
        self.process_rawq()

    def _take(self, count: int) -> bytes:
        data = bytes(self._cooked[:count])
        del self._cooked[:count]
        return data

    def fill_rawq(self) -> None:
        """Read once from the socket."""
        data = self.sock.recv(_READ)
        self.msg("recv %r", data)
        self.eof = not data
        self.rawq += data

    def rawq_getchar(self) -> bytes:
        """One byte of what came, uncooked; waits for it.

        Raises:
            EOFError: the connection has ended.
        """
        if not self.rawq:
            self.fill_rawq()
            if self.eof:
                raise EOFError
        byte, self.rawq = self.rawq[:1], self.rawq[1:]
        return byte

    def process_rawq(self) -> None:
        """Cook what came: take Telnet's own words out, and answer them."""
        raw, self.rawq = self.rawq, b""
        if raw:
            self._wire.feed(raw)
        while (event := self._wire.next_event()) is not None:
            if isinstance(event, Data):
                self._cooked += event.data.translate(None, _DROPPED)
            elif isinstance(event, Changed):
                asked = self._wire.asked.pop()
                self._asked(asked.verb, asked.option)
            elif isinstance(event, Message):
                self.sbdataq += event.data
                self._heard(codes.SE)
            else:
                if event.command == codes.SB:
                    self.sbdataq = b""
                self._heard(event.command)

    def _heard(self, command: int) -> None:
        if self.option_callback:
            self.option_callback(self.sock, bytes((command,)), b"\0")
        else:
            self.msg("IAC %d not recognized", command)

    def _asked(self, verb: int, option: int) -> None:
        self.msg("IAC %s %d", codes.COMMANDS[verb], option)
        if self.option_callback:
            self.option_callback(self.sock, bytes((verb,)), bytes((option,)))
        else:
            refusal = codes.WONT if verb in (codes.DO, codes.DONT) else codes.DONT
            self.sock.sendall(bytes((codes.IAC, refusal, option)))

    def sock_avail(self) -> bool:
        """Whether something has come at the socket."""
        with _TelnetSelector() as selector:
            selector.register(self, selectors.EVENT_READ)
            return bool(selector.select(0))

    # -- a person --------------------------------------------------------------------------

    def interact(self) -> None:
        """Let a person talk, line by line, until the connection ends."""
        with _TelnetSelector() as selector:
            selector.register(self, selectors.EVENT_READ)
            selector.register(sys.stdin, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is not self:
                        line = sys.stdin.readline().encode("ascii", "replace")
                        if not line:
                            return
                        self.write(line)
                        continue
                    try:
                        text = self.read_eager()
                    except EOFError:
                        sys.stdout.write("*** Connection closed by remote host ***\n")
                        return
                    sys.stdout.write(text.decode("ascii", "replace"))
                    sys.stdout.flush()

    def mt_interact(self) -> None:
        """The same; the old module had one with threads, too."""
        self.interact()

    def listener(self) -> None:
        """Print what comes, until the connection ends."""
        while True:
            try:
                data = self.read_eager()
            except EOFError:
                sys.stdout.write("*** Connection closed by remote host ***\n")
                return
            if data:
                sys.stdout.write(data.decode("ascii", "replace"))
            else:
                sys.stdout.flush()
