"""The commands of the lab's FTP server that move data, and those that say how.

Service code (RFC 959, 3659).
"""

from __future__ import annotations

import fnmatch
import io
import time
from contextlib import closing
from typing import BinaryIO

from ..serving.files import FileStatus, join, split
from ..transport.socket_async import AsyncSocketStream
from . import server_data as data
from . import server_listing as listing
from .server_channel import Channel
from .server_session import Refused
from .wire import Request

__all__ = ["Transfers"]

_LONGEST_OFFSET = 19  # digits of 2**63
_UNIQUE = 1_000  # names that STOU tries


class Transfers(Channel):
    """RETR, STOR and their sisters, and listings."""

    def reset(self) -> None:
        """Data are as RFC 959 has them at first."""
        super().reset()
        self.type = "A"
        self.deflate = False
        self.facts: tuple[str, ...] = listing.FACTS

    # -- how the data look -----------------------------------------------------------------

    async def do_type(self, request: Request) -> None:
        """RFC 959 section 3.1.1: ASCII, image, local bytes of eight bits."""
        words = request.argument.upper().split()
        if words not in (["A"], ["A", "N"], ["I"], ["L", "8"]):
            raise Refused(504, "that type is not served")
        self.type = "A" if words[0] == "A" else "I"
        self.say(200, f"type is {self.type}")

    async def do_mode(self, request: Request) -> None:
        """Stream, or zlib's deflate."""
        mode = request.argument.strip().upper()
        if mode not in ("S", "Z"):
            raise Refused(504, "that mode is not served")
        self.deflate = mode == "Z"
        self.say(200, f"mode is {mode}")

    async def do_stru(self, request: Request) -> None:
        """RFC 959 section 3.1.2: files only."""
        if request.argument.strip().upper() != "F":
            raise Refused(504, "that structure is not served")
        self.say(200, "structure is file")

    async def do_rest(self, request: Request) -> None:
        """RFC 3659 section 5."""
        text = request.argument.strip()
        if not (text.isascii() and text.isdigit() and len(text) < _LONGEST_OFFSET):
            raise Refused(501, "from which byte?")
        if self.type == "A" and int(text):
            raise Refused(501, "restarts need TYPE I")
        self.offset = 0 if self.has("REST ignored") else int(text)
        self.say(350, f"the next transfer begins at {text}")

    async def do_allo(self, request: Request) -> None:
        """RFC 959 section 4.1.3."""
        word = (request.argument.split() or [""])[0]
        if not (word.isascii() and word.isdigit() and len(word) < _LONGEST_OFFSET):
            raise Refused(501, "how many bytes?")
        self.must_write()
        if int(word) > self.files.free():
            raise Refused(552, "so many bytes do not fit")
        self.say(200, "they fit")

    # -- files -----------------------------------------------------------------------------

    async def do_retr(self, request: Request) -> None:
        """Send a file."""
        path, offset = self.path(request.argument), self.take_offset()
        status = self.files.stat(path)
        if offset > status.size:
            raise Refused(554, f"there are {status.size} bytes")  # RFC 3659 section 5.3
        with closing(self.files.open(path, offset)) as file:
            size = status.size - offset
            larger = self.fault.larger if self.fault else 0
            await self.transfer(
                f"Sending {request.argument} ({size + larger} bytes)",
                lambda stream: self.send(stream, file, size))

    async def do_stor(self, request: Request) -> None:
        """Take a file in."""
        offset = self.take_offset()
        await self.take(self.path(request.argument), offset or None, f"Send {request.argument}")

    async def do_appe(self, request: Request) -> None:
        """Add to a file."""
        self.take_offset()
        await self.take(self.path(request.argument), -1, f"Send {request.argument}")

    async def do_stou(self, request: Request) -> None:
        """Take a file in under a name that is not taken; 150 tells it (RFC 1123 4.1.2.9)."""
        self.take_offset()
        path = self.path(request.argument or "file")
        for number in range(1, _UNIQUE):
            name = f"{path}.{number}"
            try:
                self.must_write()
                self.files.create(name, new=True).close()
            except FileExistsError:
                continue
            await self.take(name, None, f"FILE: {split(name)[-1]}")
            return
        raise Refused(452, "no free name")

    async def take(self, path: str, at: int | None, text: str) -> None:
        """Take a file in at *path*, from byte *at* on."""
        self.must_write()
        with closing(self.files.create(path, at=at)) as file:
            await self.transfer(text, lambda stream: self.receive(stream, file))

    def take_offset(self) -> int:
        """REST's number, which counts for one command."""
        offset, self.offset = self.offset, 0
        return offset

    async def send(self, stream: AsyncSocketStream, file: BinaryIO, count: int) -> None:
        """Send *count* bytes, or as many as a fault allows."""
        cut = self.fault.cut if self.fault else None
        await data.send_body(stream, file, count if cut is None else min(cut, count),
                             ascii=self.type == "A", deflate=self.deflate)

    async def receive(self, stream: AsyncSocketStream, file: BinaryIO) -> None:
        """Take in what comes, or as many bytes as a fault allows."""
        with closing(file):  # a full disk may show only now, and must be said
            await data.read_body(stream, file, ascii=self.type == "A", deflate=self.deflate,
                                 most=self.fault.cut if self.fault else None)
        if stream.ended and not stream.clean and self.options.require_notify:
            raise Refused(426, "TLS on the data connection was torn off")

    # -- listings --------------------------------------------------------------------------

    def found(self, text: str) -> tuple[bool, list[FileStatus]]:
        """Whether it is a folder, and its entries; or the file; or those that a pattern matches."""
        path = self.path(text)
        try:
            status = self.files.stat(path)
        except FileNotFoundError:
            *above, pattern = split(path) or ("",)
            if not any(sign in pattern for sign in "*?["):
                raise
            folder = join(tuple(above))
            return False, [entry for entry in self.files.list(folder)
                           if fnmatch.fnmatchcase(entry.name, pattern)]
        return status.is_folder, self.files.list(path) if status.is_folder else [status]

    def long_listing(self, text: str) -> list[str]:
        """The lines of LIST."""
        now = time.time()
        _, entries = self.found(listing.without_options(text))
        return [listing.long_line(entry, now) for entry in entries]

    async def do_list(self, request: Request) -> None:
        """``ls -l``."""
        await self.send_lines(self.long_listing(request.argument))

    async def do_nlst(self, request: Request) -> None:
        """Names; a client that gave a path gets names below it (RFC 1123 section 4.1.2.7)."""
        text = listing.without_options(request.argument)
        is_folder, entries = self.found(text)
        prefix = f"{text.rstrip('/')}/" if text and is_folder else text[: text.rfind("/") + 1]
        await self.send_lines([prefix + entry.name for entry in entries])

    async def do_mlsd(self, request: Request) -> None:
        """RFC 3659 section 7: the folder itself, its parent, what it holds."""
        path = self.path(request.argument)
        entries, writable = self.files.list(path), self.may_write
        larger = self.fault.larger if self.fault else 0
        lines = [self.fact_line(path, "cdir", ".")]
        if path != "/":
            lines.append(self.fact_line(join(split(path)[:-1]), "pdir", ".."))
        lines += [f"{listing.facts(entry, self.facts, writable=writable, larger=larger)} "
                  f"{entry.name}" for entry in entries]
        await self.send_lines(lines)

    def fact_line(self, path: str, kind: str, name: str) -> str:
        """The facts of one path."""
        status = self.files.stat(path)
        return f"{listing.facts(status, self.facts, kind=kind, writable=self.may_write)} {name}"

    async def send_lines(self, lines: list[str]) -> None:
        """Send a listing."""
        self.take_offset()
        text = "".join([f"{line}\r\n" for line in lines])
        body = text.encode(self.wire.encoding, "surrogateescape"
                           if self.wire.encoding == "utf-8" else "replace")
        cut = self.fault.cut if self.fault else None
        count = len(body) if cut is None else min(cut, len(body))
        await self.transfer(
            "Here comes the listing",
            lambda stream: data.send_body(stream, io.BytesIO(body), count, ascii=False,
                                          deflate=self.deflate))
