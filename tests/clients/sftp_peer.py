"""A scripted SFTP server on one end of a socket pair, in a thread: it does wrong what a test says.

It serves a dictionary of files. Answers may be changed by request, shortened, shuffled, cut off
after some bytes, or come one byte at a time.
"""

from __future__ import annotations

import random
import socket
import stat
import struct
import threading
from collections.abc import Callable, Mapping
from typing import Any

from postel.sftp import attributes, packets
from postel.sftp.packets import NAMES, Scanner
from postel.sftp.types import Attributes
from postel.sftp.wire import Answers, Asked, Name, ServerWire

OPENSSH = {b"posix-rename@openssh.com": b"1", b"fsync@openssh.com": b"1",
           b"limits@openssh.com": b"1", b"statvfs@openssh.com": b"2"}


class SFTPPeer:
    """Serves *files*; a with block. `connect` gives the client's end of a new connection.

    Args:
        files: bytes by path; folders are what ends in a slash.
        extensions: offered.
        answers: by a request's name: bytes of a reply, or a function of the peer and the request
            that returns them; None leaves it to the peer.
        longest: bytes that a READ gives.
        shuffle: whether answers of a burst come in any order.
        slice: bytes of each send.
        budget: bytes that are said before it hangs up.
        limits: packet, read, write, handles.
        tells_size: whether FSTAT has a size.
        one_at_a_time: refuses a READ that is not where the last one ended.
    """

    def __init__(
        self, files: Mapping[str, bytes] | None = None, *,
        extensions: Mapping[bytes, bytes] | None = None,
        answers: Mapping[str, Any] | None = None, longest: int | None = None,
        shuffle: bool = False, slice: int = 0, budget: int | None = None,
        limits: tuple[int, int, int, int] = (0, 0, 0, 0), tells_size: bool = True,
        one_at_a_time: bool = False,
    ) -> None:
        self.files = {path: bytearray(data) for path, data in (files or {}).items()}
        self.extensions = OPENSSH if extensions is None else extensions
        self.answers = dict(answers or {})
        self.longest, self.shuffle, self.slice, self.budget = longest, shuffle, slice, budget
        self.limits, self.tells_size, self.one_at_a_time = limits, tells_size, one_at_a_time
        self.times: dict[str, int] = {}
        self.asked: list[str] = []
        self.open: dict[bytes, str] = {}
        self.most_open = 0
        self.problems: list[BaseException] = []
        self._listed: set[bytes] = set()
        self._at: dict[bytes, int] = {}
        self._threads: list[threading.Thread] = []
        self._socks: list[socket.socket] = []
        self._number = 0

    def connect(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        thread = threading.Thread(target=self._run, args=(ours,), daemon=True)
        self._socks.append(ours)
        self._threads.append(thread)
        thread.start()
        return theirs

    def __enter__(self) -> SFTPPeer:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        for sock in self._socks:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self._threads:
            thread.join(10)
        for sock in self._socks:
            sock.close()
        if self.problems and kind is None:
            raise self.problems[0]

    # -- the conversation ------------------------------------------------------------------

    def _run(self, sock: socket.socket) -> None:
        wire = ServerWire()
        try:
            while data := sock.recv(1 << 20):
                wire.feed(data)
                out = []
                while (asked := wire.next_event()) is not None:
                    out.append(self._answer(asked))
                if self.shuffle:
                    random.Random(len(out)).shuffle(out)
                if not self._say(sock, b"".join(out)):
                    return
        except OSError:
            pass
        except BaseException as error:
            self.problems.append(error)
        finally:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _say(self, sock: socket.socket, data: bytes) -> bool:
        if self.budget is not None:
            data, self.budget = data[: self.budget], self.budget - len(data)
        step = self.slice or max(1, len(data))
        for at in range(0, len(data), step):
            sock.sendall(data[at : at + step])
        return self.budget is None or self.budget > 0

    def _answer(self, asked: Asked) -> bytes:
        if asked.kind == packets.INIT:
            return self._given("INIT", asked) or Answers.version(3, self.extensions)
        name = NAMES[asked.kind]
        if asked.kind == packets.EXTENDED:
            name = asked.scan.string().decode().partition("@")[0]
        self.asked.append(name)
        given = self._given(name, asked)
        if given is not None:
            return given
        made: Callable[[Asked], bytes] = getattr(
            self, f"do_{name.lower().replace('-', '_')}", self._unknown)
        return made(asked)

    def _given(self, name: str, asked: Asked) -> bytes | None:
        given = self.answers.get(name)
        return given(self, asked) if callable(given) else given

    def _unknown(self, asked: Asked) -> bytes:
        return Answers.status(asked.id, 8, b"unsupported")

    # -- the requests ----------------------------------------------------------------------

    def attrs(self, path: str) -> Attributes | None:
        path = path.rstrip("/") or "/"
        when = self.times.get(path, 1_000_000)
        if path in self.files:
            return Attributes(len(self.files[path]), permissions=stat.S_IFREG | 0o644,
                              accessed=when, modified=when)
        if path == "/" or any(one.startswith(f"{path}/") for one in self.files):
            return Attributes(permissions=stat.S_IFDIR | 0o755, modified=when)
        return None

    def do_realpath(self, asked: Asked) -> bytes:
        return Answers.names(asked.id, [Name(b"/home/ann", b"", Attributes())])

    def do_limits(self, asked: Asked) -> bytes:
        return Answers.extended(asked.id, struct.pack(">4Q", *self.limits))

    def do_statvfs(self, asked: Asked) -> bytes:
        return Answers.extended(asked.id, struct.pack(
            ">11Q", 1, 1, 9, 9, self.answers.get("room", 9), 9, 9, 9, 0, 0, 255))

    def do_stat(self, asked: Asked) -> bytes:
        found = self.attrs(asked.scan.string().decode("utf-8", "surrogateescape"))
        return Answers.attrs(asked.id, found) if found else Answers.status(asked.id, 2, b"no file")

    do_lstat = do_stat

    def do_fstat(self, asked: Asked) -> bytes:
        found = self.attrs(self.open[asked.scan.string()]) or Attributes()
        if not self.tells_size:
            found = Attributes(permissions=found.permissions)
        return Answers.attrs(asked.id, found)

    def do_open(self, asked: Asked) -> bytes:
        path, flags = asked.scan.string().decode("utf-8", "surrogateescape"), asked.scan.u32()
        found = self.attrs(path)
        if found is not None and path not in self.files:
            return Answers.status(asked.id, 4, b"Failure")
        if found is None:
            if not flags & 8:
                return Answers.status(asked.id, 2, b"No such file")
            self.files[path] = bytearray()
        if flags & 16:
            self.files[path] = bytearray()
        return self._opened(asked, path)

    def _opened(self, asked: Asked, path: str) -> bytes:
        self._number += 1
        handle = b"%d" % self._number
        self.open[handle] = path
        self.most_open = max(self.most_open, len(self.open))
        return Answers.handle(asked.id, handle)

    def do_close(self, asked: Asked) -> bytes:
        return Answers.status(asked.id, 0 if self.open.pop(asked.scan.string(), None) else 4)

    def do_read(self, asked: Asked) -> bytes:
        handle, offset, length = asked.scan.string(), asked.scan.u64(), asked.scan.u32()
        if self.one_at_a_time and offset != self._at.get(handle, 0):
            return Answers.status(asked.id, 4, b"only in order")
        data = bytes(self.files[self.open[handle]][offset : offset + min(
            length, self.longest or length)])
        self._at[handle] = offset + len(data)
        return Answers.data(asked.id, data) if data else Answers.status(asked.id, 1, b"EOF")

    def do_write(self, asked: Asked) -> bytes:
        handle, offset, data = asked.scan.string(), asked.scan.u64(), asked.scan.string()
        file = self.files[self.open[handle]]
        if len(file) < offset:
            file.extend(bytes(offset - len(file)))
        file[offset : offset + len(data)] = data
        return Answers.status(asked.id, 0)

    def do_fsync(self, asked: Asked) -> bytes:
        return Answers.status(asked.id, 0)

    def _set(self, asked: Asked, path: str, scan: Scanner) -> bytes:
        found = attributes.unpack(scan)
        if path not in self.files:
            return Answers.status(asked.id, 2)
        if found.size is not None:
            del self.files[path][found.size :]
        if found.modified is not None:
            self.times[path] = found.modified
        return Answers.status(asked.id, 0)

    def do_setstat(self, asked: Asked) -> bytes:
        return self._set(asked, asked.scan.string().decode(), asked.scan)

    def do_fsetstat(self, asked: Asked) -> bytes:
        return self._set(asked, self.open[asked.scan.string()], asked.scan)

    def do_opendir(self, asked: Asked) -> bytes:
        path = asked.scan.string().decode()
        return (self._opened(asked, path) if self.attrs(path) and path not in self.files
                else Answers.status(asked.id, 2, b"no folder"))

    def do_readdir(self, asked: Asked) -> bytes:
        handle = asked.scan.string()
        if handle in self._listed:
            return Answers.status(asked.id, 1)
        self._listed.add(handle)
        top = self.open[handle].rstrip("/")
        names = sorted({path[len(top) + 1 :].partition("/")[0] for path in self.files
                        if path.startswith(f"{top}/")} - {""})
        return Answers.names(asked.id, [
            Name(name.encode("utf-8", "surrogateescape"), b"",
                 self.attrs(f"{top}/{name}") or Attributes()) for name in (".", "..", *names)])

    def do_remove(self, asked: Asked) -> bytes:
        path = asked.scan.string().decode()
        return Answers.status(asked.id, 2 if self.files.pop(path, None) is None else 0)

    def do_mkdir(self, asked: Asked) -> bytes:
        path = asked.scan.string().decode()
        if self.attrs(path) is not None:
            return Answers.status(asked.id, 4, b"Failure")
        self.files[f"{path}/"] = bytearray()
        return Answers.status(asked.id, 0)

    def do_rename(self, asked: Asked) -> bytes:
        old, new = asked.scan.string().decode(), asked.scan.string().decode()
        if new in self.files:
            return Answers.status(asked.id, 4, b"Failure")
        return self._moved(asked, old, new)

    def do_posix_rename(self, asked: Asked) -> bytes:
        return self._moved(asked, asked.scan.string().decode(), asked.scan.string().decode())

    def _moved(self, asked: Asked, old: str, new: str) -> bytes:
        if old not in self.files:
            return Answers.status(asked.id, 2)
        self.files[new] = self.files.pop(old)
        self.times[new] = self.times.pop(old, 1_000_000)
        return Answers.status(asked.id, 0)
