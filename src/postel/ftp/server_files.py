"""The commands of the lab's FTP server about files and folders, without data (RFC 959, 3659).

Service code.
"""

from __future__ import annotations

import asyncio
import re

from ..serving.digests import DIGESTS
from . import server_listing as listing
from .server_session import Refused
from .server_transfers import Transfers
from .wire import Request

__all__ = ["FileCommands"]

_IN_A_THREAD = 1 << 20
"""Bytes from which on a digest is computed beside the loop."""

_QUOTED = re.compile(r'"(.*)"((?: \d{1,18}){0,2})')
_TIMED = re.compile(r"(\d{14}(?:\.\d{1,9})?) (.+)")
_UTIME = re.compile(r"(.+) (\d{14}) (\d{14}) (\d{14}) UTC", re.IGNORECASE)


class FileCommands(Transfers):
    """Where one is, what is there, and changes to it."""

    # -- where one is ----------------------------------------------------------------------

    async def do_pwd(self, request: Request) -> None:
        """Tell the folder."""
        self.say(257, f"{self.quoted(self.folder)} is where you are")

    async def do_cwd(self, request: Request) -> None:
        """Go to a folder."""
        path = self.path(request.argument)
        if not self.files.stat(path).is_folder:
            raise Refused(550, "Not a folder")
        self.folder = path
        self.say(250, "there you are")

    async def do_cdup(self, request: Request) -> None:
        """Go up."""
        await self.do_cwd(Request("CWD", ".."))

    # -- what is there ---------------------------------------------------------------------

    async def do_mlst(self, request: Request) -> None:
        """RFC 3659 section 7: one entry, over the control connection."""
        path = self.path(request.argument)
        status = self.files.stat(path)
        larger = self.fault.larger if self.fault else 0
        text = listing.facts(status, self.facts, writable=self.may_write, larger=larger)
        self.say(250, "Listing", f"{text} {path}", "End")

    async def do_size(self, request: Request) -> None:
        """RFC 3659 section 4; lines change a file's size, so ASCII has none."""
        status = self.files.stat(self.path(request.argument))
        if self.type == "A":
            raise Refused(550, "SIZE needs TYPE I")
        if status.is_folder:
            raise Refused(550, "Not a plain file")
        self.say(213, str(status.size + (self.fault.larger if self.fault else 0)))

    async def do_mdtm(self, request: Request) -> None:
        """RFC 3659 section 3; with a time in front it sets it, as vsftpd's does."""
        timed = _TIMED.fullmatch(request.argument)
        if timed and listing.read_time(timed[1]) is not None:
            self.set_time(timed[2], timed[1])
            self.say(213, f"Modify={timed[1]}; {timed[2]}")
            return
        status = self.files.stat(self.path(request.argument))
        self.say(213, listing.time_text(status.modified))

    async def do_hash(self, request: Request) -> None:
        """draft-bryan-ftp-hash: name, range, digest, path."""
        path = self.path(request.argument)
        size = self.files.stat(path).size
        digest = await self.digest(path, self.algorithm, 0, None)
        self.say(213, f"{self.algorithm} 0-{size} {digest} {request.argument}")

    async def do_digest(self, request: Request) -> None:
        """XCRC, XMD5, XSHA …: the path may be quoted and followed by a range."""
        quoted = _QUOTED.fullmatch(request.argument)
        numbers = [int(word) for word in quoted[2].split()] if quoted else []
        start, end = (*numbers, None, None)[:2]
        path = self.path(quoted[1].replace('""', '"') if quoted else request.argument)
        self.say(250, await self.digest(path, _X_DIGESTS[request.verb], start or 0, end))

    async def digest(self, path: str, name: str, start: int, end: int | None) -> str:
        """A digest, beside the loop where it takes long."""
        if self.files.stat(path).size < _IN_A_THREAD:
            return self.files.digest(path, name, start, end)
        return await asyncio.to_thread(self.files.digest, path, name, start, end)

    async def do_avbl(self, request: Request) -> None:
        """draft-peterson-streamlined-ftp-command-extensions: room, in bytes."""
        self.files.stat(self.path(request.argument))
        self.say(213, str(self.files.free()))

    # -- changes ---------------------------------------------------------------------------

    def target(self, text: str) -> str:
        """The path of something to change."""
        self.must_write()
        if not text:
            raise Refused(501, "which one?")
        return self.path(text)

    async def do_mkd(self, request: Request) -> None:
        """Make a folder."""
        path = self.target(request.argument)
        self.files.make_folder(path)
        self.say(257, f"{self.quoted(path)} is there now")

    async def do_rmd(self, request: Request) -> None:
        """Remove a folder."""
        self.files.remove_folder(self.target(request.argument))
        self.say(250, "gone")

    async def do_dele(self, request: Request) -> None:
        """Remove a file."""
        self.files.remove(self.target(request.argument))
        self.say(250, "gone")

    async def do_rnfr(self, request: Request) -> None:
        """The old name."""
        path = self.target(request.argument)
        self.files.stat(path)
        self.source = path
        self.say(350, "and the new name?")

    async def do_rnto(self, request: Request) -> None:
        """The new name."""
        source, self.source = self.source, None
        if source is None:
            raise Refused(503, "RNFR first")
        self.files.rename(source, self.target(request.argument))
        self.say(250, "renamed")

    async def do_mfmt(self, request: Request) -> None:
        """draft-somers-ftp-mfxx: set the time of last change."""
        timed = _TIMED.fullmatch(request.argument)
        if not timed or listing.read_time(timed[1]) is None:
            raise Refused(501, "YYYYMMDDhhmmss, then the path")
        self.set_time(timed[2], timed[1])
        self.say(213, f"Modify={timed[1]}; {timed[2]}")

    def set_time(self, text: str, when: str) -> None:
        """Set the time of last change of a path."""
        self.files.set_modified(self.target(text), listing.read_time(when) or 0.0)

    # -- SITE ------------------------------------------------------------------------------

    async def do_site(self, request: Request) -> None:
        """RFC 959 section 4.1.3: what this server has beyond the standard."""
        verb, _, rest = request.argument.partition(" ")
        if verb.upper() == "CHMOD":
            self.site_chmod(rest)
        elif verb.upper() == "UTIME":
            self.site_utime(rest)
        elif verb.upper() == "HELP":
            self.say(214, "SITE commands", "CHMOD UTIME HELP", "End")
        else:
            raise Refused(504, "no such SITE command")

    def site_chmod(self, text: str) -> None:
        """``SITE CHMOD 644 path``."""
        mode, _, path = text.partition(" ")
        if not re.fullmatch("[0-7]{3,4}", mode) or not path:
            raise Refused(501, "an octal mode, then the path")
        self.files.set_mode(self.target(path), int(mode, 8))
        self.say(200, "changed")

    def site_utime(self, text: str) -> None:
        """``SITE UTIME 20260131235959 path``, or path, three times and UTC."""
        long, short = _UTIME.fullmatch(text), _TIMED.fullmatch(text)
        when, path = (long[3], long[1]) if long else (short[1], short[2]) if short else ("", "")
        if listing.read_time(when) is None:
            raise Refused(501, "YYYYMMDDhhmmss, then the path")
        self.set_time(path, when)
        self.say(200, "changed")

    # -- STAT ------------------------------------------------------------------------------

    async def do_stat(self, request: Request) -> None:
        """The server's state, or a listing over the control connection (RFC 959 4.1.3)."""
        if request.argument:
            lines = self.long_listing(request.argument)
            self.say(213, f"Status of {request.argument}", *lines, "End")
            return
        moved = self.moving
        self.say(
            211, "Postel lab FTP server", f"Logged in as {self.user or 'nobody'}",
            f"TYPE: {self.type}, MODE: {'Z' if self.deflate else 'S'}, folder: {self.folder}",
            f"{moved.sent} bytes sent, {moved.received} received" if moved else "No transfer",
            "End")

    algorithm = "SHA-256"

    def opts_hash(self, rest: str) -> None:
        """``OPTS HASH SHA-1``: tell or choose the digest."""
        name = rest.strip().upper()
        if name and name not in DIGESTS:
            raise Refused(501, "that digest is not computed")
        self.algorithm = name or self.algorithm
        self.say(200, self.algorithm)


_X_DIGESTS = {"XCRC": "CRC32", "XMD5": "MD5", "XSHA": "SHA-1", "XSHA1": "SHA-1",
              "XSHA256": "SHA-256", "XSHA512": "SHA-512"}
