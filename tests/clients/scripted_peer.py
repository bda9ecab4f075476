"""A scripted server: it says exactly what a test tells it, byte for byte, on threads of its own.

A `Peer` is given a *play*: a function that is called with the `Line` of each connection, in a
thread. It waits for what it expects and says what it likes. `FTPPeer` and `POP3Peer` answer by
command from a table, so that a test only writes down what is odd.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Answer = Any  # bytes, None, or a function of the line and the argument

DEADLINE = 10.0
"""Seconds after which a scripted server gives up: a test fails, it does not hang."""


class Gone(Exception):
    """The client has hung up."""


class Line:
    """One connection, as the server sees it."""

    def __init__(self, sock: socket.socket, peer: Peer) -> None:
        self.sock, self.peer = sock, peer
        self.held = b""
        self.commands: list[bytes] = []
        sock.settimeout(DEADLINE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def say(self, data: bytes, *, slice: int = 0) -> None:
        """Send *data*, at once or in slices."""
        budget = self.peer.budget
        if budget is not None:
            data, self.peer.budget = data[:budget], max(0, budget - len(data))
        self.peer.said += data
        slice = slice or self.peer.slice
        parts = [data[i:i + slice] for i in range(0, len(data), slice)] if slice else [data]
        for part in parts:
            self.sock.sendall(part)
        if self.peer.budget == 0:
            raise Gone

    def hear(self) -> bytes:
        """The next line, without its end."""
        while b"\n" not in self.held:
            try:
                data = self.sock.recv(65536)
            except ConnectionError:
                data = b""
            if not data:
                raise Gone
            self.peer.heard += data
            self.held += data
        line, _, self.held = self.held.partition(b"\n")
        self.commands.append(line.rstrip(b"\r"))
        self.peer.commands.append(line.rstrip(b"\r"))
        return line.rstrip(b"\r")

    def reset(self) -> None:
        """Hang up the hard way."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self) -> None:
        """Hang up, and let go of what was opened for this connection."""
        for name in ("passive", "kept"):
            if isinstance(sock := self.__dict__.get(name), socket.socket):
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept
                sock.close()
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


class Peer:
    """Listens on a free port and plays for each connection; a with block."""

    def __init__(self, play: Callable[[Line], object] | None = None, *, slice: int = 0) -> None:
        self._play = play
        self.slice = slice
        self.commands: list[bytes] = []
        self.heard = b""
        self.said = b""
        self.lines: list[Line] = []
        self.problems: list[BaseException] = []
        self.budget: int | None = None
        """Bytes that may still be said on control connections; then the peer hangs up."""
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def play(self, line: Line) -> None:
        """What happens on one connection."""
        if self._play is not None:
            self._play(line)

    @property
    def verbs(self) -> list[str]:
        """The first word of each command that came."""
        return [c.split(b" ")[0].decode("latin-1") for c in self.commands]

    def __enter__(self) -> Any:
        thread = threading.Thread(target=self._accept, daemon=True)
        self._threads.append(thread)
        thread.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for line in self.lines:
            line.close()
        for thread in self._threads:
            thread.join(DEADLINE)
        if self.problems and kind is None:
            raise self.problems[0]

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            line = Line(sock, self)
            self.lines.append(line)
            thread = threading.Thread(target=self._run, args=(line,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _run(self, line: Line) -> None:
        try:
            self.play(line)
        except (Gone, OSError):
            pass  # the client left, or was left
        except BaseException as error:
            self.problems.append(error)
        finally:
            line.close()


class FTPPeer(Peer):
    """Answers FTP commands by verb; *answers* changes what a plain server would say.

    An answer is bytes, None for nothing, a list to be used up (the last one stays), or a function
    of the `Line` and the argument that returns one of these.
    """

    DEFAULT: Mapping[bytes, Answer] = {
        b"USER": b"331 password\r\n",
        b"PASS": b"230 in\r\n",
        b"FEAT": b"211-Features:\r\n MLST type*;size*;modify*;\r\n MDTM\r\n SIZE\r\n"
                 b" REST STREAM\r\n MFMT\r\n211 End\r\n",
        b"TYPE": b"200 type\r\n",
        b"OPTS": b"200 ok\r\n",
        b"NOOP": b"200 noop\r\n",
        b"QUIT": b"221 bye\r\n",
        b"REST": b"350 rest\r\n",
        b"CWD": b"250 there\r\n",
        b"AUTH": b"502 no TLS\r\n",
    }

    def __init__(
        self, answers: Mapping[str, Answer] | None = None, *, greeting: bytes = b"220 ready\r\n",
        files: Mapping[str, bytes] | None = None, slice: int = 0,
    ) -> None:
        super().__init__(slice=slice)
        self.greeting = greeting
        self.answers: dict[bytes, Answer] = dict(self.DEFAULT)
        self.files = dict(files or {})
        self.stored: dict[str, bytes] = {}
        self.data: socket.socket | None = None
        for verb in ("EPSV", "PASV", "EPRT", "PORT", "RETR", "STOR", "MLSD", "LIST", "NLST", "APPE",
                     "STOU", "SIZE", "MDTM", "RNFR", "RNTO", "MLST", "REST"):
            self.answers[verb.encode()] = getattr(self, f"do_{verb.lower()}")
        self.answers.update({verb.encode(): answer for verb, answer in (answers or {}).items()})

    def play(self, line: Line) -> None:
        line.data = None  # type: ignore[attr-defined]
        line.rest = 0  # type: ignore[attr-defined]
        if self.greeting:
            line.say(self.greeting)
        while True:
            command = line.hear()
            verb, _, rest = command.lstrip(b"\xff\xf4\xf2").partition(b" ")
            self.answer(line, verb.upper(), rest.decode("utf-8", "surrogateescape"))
            if verb.upper() == b"QUIT":
                return

    def answer(self, line: Line, verb: bytes, rest: str) -> None:
        """Look the answer up and give it."""
        answer = self.answers.get(verb, b"502 " + verb + b" is not known\r\n")
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        while callable(answer):
            answer = answer(line, rest)
        if answer is not None:
            line.say(answer)

    # -- data connections ------------------------------------------------------------------

    def listen(self, line: Any) -> int:
        """A passive port."""
        if getattr(line, "passive", None) is not None:
            line.passive.close()
        line.passive = socket.create_server(("127.0.0.1", 0))
        line.passive.settimeout(DEADLINE)
        return int(line.passive.getsockname()[1])

    def do_epsv(self, line: Any, _: str) -> bytes:
        return b"229 go (|||%d|)\r\n" % self.listen(line)

    def do_pasv(self, line: Any, _: str, address: bytes = b"127,0,0,1") -> bytes:
        port = self.listen(line)
        return b"227 go (%s,%d,%d)\r\n" % (address, port >> 8, port & 255)

    def do_eprt(self, line: Any, rest: str) -> bytes:
        _, _, host, port, _ = rest.split("|")
        line.active = host, int(port)
        return b"200 eprt\r\n"

    def do_port(self, line: Any, rest: str) -> bytes:
        numbers = [int(word) for word in rest.split(",")]
        line.active = ".".join(map(str, numbers[:4])), numbers[4] * 256 + numbers[5]
        return b"200 port\r\n"

    def do_rest(self, line: Any, rest: str) -> bytes:
        line.rest = int(rest)
        return b"350 rest\r\n"

    def connect(self, line: Any) -> socket.socket:
        """The data connection."""
        if getattr(line, "active", None):
            sock = socket.create_connection(line.active, DEADLINE)
            line.active = None
        else:
            sock, _ = line.passive.accept()
            line.passive.close()
            line.passive = None
        sock.settimeout(DEADLINE)
        return sock

    def give(self, line: Any, data: bytes, *, begin: bytes = b"150 here\r\n",
             end: bytes | None = b"226 done\r\n", reset: bool = False) -> None:
        """Send *data* over a data connection, between two replies."""
        line.say(begin)
        with self.connect(line) as sock:
            with contextlib.suppress(OSError):
                if data:
                    sock.sendall(data)
            if reset:
                time.sleep(0.05)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if end is not None:
            line.say(end)

    def take(self, line: Any, *, begin: bytes = b"150 give\r\n") -> bytes:
        """Read a data connection to its end."""
        line.say(begin)
        data = b""
        with self.connect(line) as sock:
            while chunk := sock.recv(65536):
                data += chunk
        return data

    # -- what a plain server does ----------------------------------------------------------

    def do_retr(self, line: Any, path: str) -> None:
        offset, line.rest = line.rest, 0
        if path not in self.files:
            if getattr(line, "passive", None) is not None:
                line.passive.close()
            line.say(b"550 no such file\r\n")
            return
        self.give(line, self.files[path][offset:])

    def do_stor(self, line: Any, path: str) -> None:
        offset, line.rest = line.rest, 0
        data = self.take(line)
        self.files[path] = self.files.get(path, b"")[:offset] + data
        line.say(b"226 stored\r\n")

    def do_appe(self, line: Any, path: str) -> None:
        self.files[path] = self.files.get(path, b"") + self.take(line)
        line.say(b"226 stored\r\n")

    def do_stou(self, line: Any, _: str) -> None:
        self.files["unique.1"] = self.take(line, begin=b"150 FILE: unique.1\r\n")
        line.say(b"226 stored\r\n")

    def do_size(self, line: Any, path: str) -> bytes:
        if path not in self.files:
            return b"550 no such file\r\n"
        return b"213 %d\r\n" % len(self.files[path])

    def do_mdtm(self, line: Any, path: str) -> bytes:
        return b"213 20240102030405\r\n" if path in self.files else b"550 no such file\r\n"

    def do_mlst(self, line: Any, path: str) -> bytes:
        if path not in self.files:
            return b"550 no such file\r\n"
        return b"250-here\r\n type=file;size=%d;modify=20240102030405; %s\r\n250 end\r\n" % (
            len(self.files[path]), path.encode("utf-8", "surrogateescape"))

    def do_rnfr(self, line: Any, path: str) -> bytes:
        line.old = path
        return b"350 to what\r\n" if path in self.files else b"550 no such file\r\n"

    def do_rnto(self, line: Any, path: str) -> bytes:
        if line.old not in self.files:
            return b"503 RNFR first\r\n"
        self.files[path] = self.files.pop(line.old)
        return b"250 renamed\r\n"

    def names(self, folder: str) -> Iterable[tuple[str, int | None]]:
        """The names in a folder: files with their sizes, folders without."""
        top = f"{folder.rstrip('/')}/" if folder.strip("/") else ""
        seen = set()
        for path, data in sorted(self.files.items()):
            if path.startswith(top):
                name, slash, _ = path[len(top):].partition("/")
                if name not in seen:
                    seen.add(name)
                    yield name, None if slash else len(data)

    def do_mlsd(self, line: Any, folder: str) -> None:
        rows = [f"type=dir; {name}" if size is None
                else f"type=file;size={size};modify=20240102030405; {name}"
                for name, size in self.names(folder)]
        self.give(line, "".join(f"{row}\r\n" for row in rows).encode("utf-8", "surrogateescape"))

    def do_list(self, line: Any, folder: str) -> None:
        rows = [f"drwxr-xr-x 2 a b 4096 Jan  2  2024 {name}" if size is None
                else f"-rw-r--r-- 1 a b {size} Jan  2 03:04 {name}"
                for name, size in self.names(folder.removeprefix("-a").strip())]
        self.give(line, "".join(f"{row}\r\n" for row in rows).encode("utf-8", "surrogateescape"))

    def do_nlst(self, line: Any, folder: str) -> None:
        names = [name for name, _ in self.names(folder)]
        self.give(line, "".join(f"{name}\r\n" for name in names).encode("utf-8", "surrogateescape"))


class POP3Peer(Peer):
    """Answers POP3 commands by verb; *answers* changes what a plain server would say."""

    DEFAULT: Mapping[bytes, Answer] = {
        b"CAPA": b"+OK\r\nUSER\r\nPIPELINING\r\nTOP\r\nUIDL\r\nRESP-CODES\r\n.\r\n",
        b"USER": b"+OK\r\n",
        b"PASS": b"+OK\r\n",
        b"STAT": b"+OK 2 320\r\n",
        b"LIST": b"+OK\r\n1 120\r\n2 200\r\n.\r\n",
        b"UIDL": b"+OK\r\n1 aaa\r\n2 bbb\r\n.\r\n",
        b"RETR": lambda line, n: b"+OK\r\nSubject: %s\r\n\r\nhi\r\n.\r\n" % n.encode(),
        b"TOP": b"+OK\r\nSubject: top\r\n\r\n.\r\n",
        b"DELE": b"+OK\r\n",
        b"RSET": b"+OK\r\n",
        b"NOOP": b"+OK\r\n",
        b"QUIT": b"+OK\r\n",
    }

    def __init__(self, answers: Mapping[str, Answer] | None = None, *,
                 greeting: bytes = b"+OK ready <1.2@peer>\r\n", slice: int = 0) -> None:
        super().__init__(slice=slice)
        self.greeting = greeting
        self.answers: dict[bytes, Answer] = dict(self.DEFAULT)
        self.answers.update({verb.encode(): answer for verb, answer in (answers or {}).items()})

    def play(self, line: Line) -> None:
        line.say(self.greeting)
        while True:
            verb, _, rest = line.hear().partition(b" ")
            answer = self.answers.get(verb.upper(), b"-ERR unknown\r\n")
            if isinstance(answer, list):
                answer = answer.pop(0) if len(answer) > 1 else answer[0]
            while callable(answer):
                answer = answer(line, rest.decode("utf-8", "surrogateescape"))
            if answer is not None:
                line.say(answer)
            if verb.upper() == b"QUIT":
                return
