# GENERATED from commands_async.py by tools/unasync.py: edit that file, not this one.
"""The protocol's own words: folders, names, sizes, times, digests, SITE."""

from __future__ import annotations

from datetime import datetime

from ..errors import NotSupported, ProtocolError
from ..types import Entry
from ..wire.base import argument
from ..wire.names import joined
from ..wire.replies import Reply
from . import replies
from .control_sync import Control
from .mlsx import mlsx

__all__ = ["Commands"]

_DIGESTS = {"SHA-512": "XSHA512", "SHA-256": "XSHA256", "SHA-1": "XSHA1", "MD5": "XMD5",
            "CRC32": "XCRC"}


class Commands(Control):
    """One method for each command that needs no data connection."""

    _folder = ""
    """Where `cwd` has led, from the folder that the log-in led to."""

    # -- reading ---------------------------------------------------------------------------

    def pwd(self, *, timeout: float | None = None) -> str:
        """The current folder."""
        with self._operation("PWD", timeout):
            return replies.quoted_path(self._done("PWD"))

    def size(self, path: str, *, timeout: float | None = None) -> int:
        """The size of a file in bytes (RFC 3659 section 4).

        Raises:
            NotFound: there is no such file.
        """
        with self._operation(f"SIZE {path}", timeout):
            asked = self._command("SIZE", path)
            self._use_type("I")  # many servers refuse SIZE in text mode
            return replies.number(self._expect(self._queue(asked), 2))

    def mdtm(self, path: str, *, timeout: float | None = None) -> datetime:
        """When a file was last changed, UTC (RFC 3659 section 3)."""
        with self._operation(f"MDTM {path}", timeout):
            reply = self._done("MDTM", path)
            when = replies.moment((reply.text.split() or [""])[-1])
            if when is None:
                raise ProtocolError(f"MDTM {path}: no time in the server's answer: {reply}")
            return when

    def mlst(self, path: str = "", *, timeout: float | None = None) -> Entry:
        """What *path* is (RFC 3659 section 7), the fact "name" as the server wrote it.

        Raises:
            NotFound: there is nothing of that name.
            NotSupported: the server has no MLST.
        """
        with self._operation(f"MLST {path}", timeout):
            reply = self._done("MLST", path or None)
            for line in reply.lines[1:-1]:
                if (entry := mlsx(line.removeprefix(" "))) is not None:
                    return entry
            raise ProtocolError(f"MLST {path}: no entry in the server's answer: {reply}")

    def feat(self, *, timeout: float | None = None) -> dict[str, str]:
        """What the server can do (RFC 2389), asked anew."""
        with self._operation("FEAT", timeout):
            reply = self._ask("FEAT")
            self._features = replies.features(reply) if reply.kind == 2 else {}
            return dict(self._features)

    def syst(self, *, timeout: float | None = None) -> str:
        """The server's operating system, as it says."""
        with self._operation("SYST", timeout):
            self._system = (self._done("SYST")).text
            return self._system

    def help(self, topic: str | None = None, *, timeout: float | None = None) -> str:
        """The server's own help."""
        with self._operation("HELP", timeout):
            return (self._done("HELP", topic)).text

    def status(self, path: str | None = None, *, timeout: float | None = None) -> str:
        """STAT: the server's state, or a listing of *path* over the control connection."""
        with self._operation("STAT", timeout):
            return (self._done("STAT", path)).text

    def avbl(self, path: str | None = None, *, timeout: float | None = None) -> int:
        """Bytes that may still be stored (draft-peterson-streamlined-ftp-command-extensions)."""
        with self._operation("AVBL", timeout):
            return replies.available(self._done("AVBL", path))

    def hash(
        self, path: str, algorithm: str | None = None, *, timeout: float | None = None
    ) -> tuple[str, str]:
        """The server's digest of a file: by HASH (draft-bryan-ftp-hash), or XSHA256 and kin.

        Args:
            path: the file.
            algorithm: ``"SHA-256"``, ``"SHA-512"``, ``"SHA-1"``, ``"MD5"``, ``"CRC32"``; None
                takes the best there is.
            timeout: seconds.

        Returns:
            The algorithm, and the digest in hex.

        Raises:
            NotSupported: the server computes none, or not that one.
        """
        with self._operation(f"HASH {path}", timeout):
            offered = self.digests
            chosen = algorithm or next((name for name in _DIGESTS if name in offered), None)
            if chosen not in offered or chosen is None:
                raise NotSupported(
                    f"HASH {path}: the server does not compute {algorithm or 'digests'}",
                    hint=f"it offers {', '.join(offered) or 'none'}")
            if self._knows("HASH"):
                asked = self._command("HASH", path)
                self._done("OPTS", f"HASH {chosen}")
                return chosen, replies.digest(self._expect(self._queue(asked), 2))
            return chosen, replies.digest(self._done(_DIGESTS[chosen], path))

    @property
    def digests(self) -> tuple[str, ...]:
        """The digests that the server computes, the best first."""
        offered = self.capabilities
        named = {word.strip("*").upper() for word in offered.get("HASH", "").split(";")}
        return tuple(name for name, verb in _DIGESTS.items()
                     if name in named or (verb in offered and "HASH" not in offered))

    # -- writing ---------------------------------------------------------------------------

    def cwd(self, path: str, *, timeout: float | None = None) -> None:
        """Go to a folder.

        Raises:
            NotFound: there is none.
        """
        with self._operation(f"CWD {path}", timeout):
            self._done("CWD", path)
            self._folder = path if path.startswith("/") else joined(self._folder, path)

    def cdup(self, *, timeout: float | None = None) -> None:
        """Go to the folder above."""
        with self._operation("CDUP", timeout):
            self._done("CDUP")
            self._folder = joined(self._folder, "..")

    def mkd(self, path: str, *, timeout: float | None = None) -> str:
        """Make a folder; return its path as the server tells it.

        Raises:
            AlreadyExists: the name is taken.
        """
        with self._operation(f"MKD {path}", timeout):
            reply = self._done("MKD", path)
            return replies.quoted_path(reply) if '"' in reply.text else path

    def rmd(self, path: str, *, timeout: float | None = None) -> None:
        """Remove an empty folder."""
        with self._operation(f"RMD {path}", timeout):
            self._done("RMD", path)

    def dele(self, path: str, *, timeout: float | None = None) -> None:
        """Remove a file."""
        with self._operation(f"DELE {path}", timeout):
            self._done("DELE", path)

    def rename(self, old: str, new: str, *, timeout: float | None = None) -> None:
        """RNFR and RNTO: give a file or folder another name; most servers replace what is there.

        Raises:
            NotFound: there is no *old*.
        """
        with self._operation(f"RNFR {old}", timeout):
            first, second = self._command("RNFR", old), self._command("RNTO", new)
            self._expect(self._queue(first), 3)
            self._expect(self._queue(second), 2)

    def mfmt(self, path: str, when: datetime, *, timeout: float | None = None) -> None:
        """Set the time of last change: MFMT, else ``MDTM time path``, else SITE UTIME.

        Args:
            path: the file.
            when: naive times are UTC.
            timeout: seconds.

        Raises:
            NotSupported: the server can do none of them.
        """
        stamp = replies.timestamp(when)
        tries = [("MFMT", f"{stamp} {path}"), ("MDTM", f"{stamp} {path}"),
                 ("SITE", f"UTIME {stamp} {path}"),
                 ("SITE", f"UTIME {path} {stamp} {stamp} {stamp} UTC")]
        if self._features and not self._knows("MFMT"):
            tries.append(tries.pop(0))
        with self._operation(f"MFMT {path}", timeout):
            known = False
            for verb, text in tries:
                reply = self._ask(verb, text)
                if reply.kind == 2:
                    return
                if reply.code == 421:
                    raise self._refusal(self._command(verb, text), reply)
                known = known or (verb == "MFMT" and reply.code not in (500, 502, 504))
            self.learned.sets_times = known  # a 550 is about this file
            raise NotSupported(f"MFMT {path}: the server sets no times: {reply}")

    def chmod(self, path: str, mode: int, *, timeout: float | None = None) -> None:
        """SITE CHMOD: set permission bits.

        Raises:
            NotSupported: the server does not know it.
        """
        with self._operation(f"SITE CHMOD {path}", timeout):
            self._done("SITE", f"CHMOD {mode & 0o7777:o} {path}")

    def allo(self, size: int, *, timeout: float | None = None) -> None:
        """Announce that *size* bytes are to be stored; 202 "not needed" is fine."""
        with self._operation("ALLO", timeout):
            self._done("ALLO", str(size))

    # -- the rest --------------------------------------------------------------------------

    def noop(self, *, timeout: float | None = None) -> None:
        """Keep the connection alive."""
        with self._operation("NOOP", timeout):
            self._done("NOOP")

    def site(self, text: str, *, timeout: float | None = None) -> Reply:
        """A command of this server's own; return its reply.

        Raises:
            ReplyError: it refused.
        """
        with self._operation("SITE", timeout):
            return self._done("SITE", text)

    def opts(self, text: str, *, timeout: float | None = None) -> None:
        """Set an option (RFC 2389 section 4)."""
        with self._operation("OPTS", timeout):
            self._done("OPTS", text)

    def lang(self, tag: str | None = None, *, timeout: float | None = None) -> None:
        """Have the server speak another language (RFC 2640 section 4)."""
        with self._operation("LANG", timeout):
            self._done("LANG", tag)

    def type(self, letter: str, *, timeout: float | None = None) -> None:
        """``"I"`` for bytes as they are, ``"A"`` for text with line ends changed."""
        with self._operation(f"TYPE {letter}", timeout):
            self._use_type(letter)

    def mode(self, letter: str, *, timeout: float | None = None) -> None:
        """``"S"`` for a plain stream, ``"Z"`` for a compressed one (MODE Z).

        Raises:
            NotSupported: the server does not do that.
        """
        with self._operation(f"MODE {letter}", timeout):
            self._done("MODE", letter)
            self._z = letter.upper() == "Z"

    def quote(self, line: str, *, timeout: float | None = None) -> Reply:
        """Any command as it is; return its final reply, whatever it says."""
        argument(line, "quote")
        verb, _, text = line.partition(" ")
        with self._operation(verb, timeout):
            self._type = ""  # who knows what it changes
            return self._ask(verb, text or None)

    def _use_type(self, letter: str) -> None:
        if self._type != letter:
            self._done("TYPE", letter)
            self._type = letter
