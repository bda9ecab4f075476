"""The commands of the lab's FTP server about who one is, TLS, and what the server can do.

Service code (RFC 959 section 4.1.1, RFC 2228, 2389, 2640, 4217, 7151).
"""

from __future__ import annotations

from .._version import __version__
from ..serving.digests import DIGESTS
from . import server_listing as listing
from .server_files import FileCommands
from .server_session import Refused
from .wire import Request

__all__ = ["Access"]

MOST_FAILURES = 5
"""Wrong passwords on one connection before it is closed."""

_ANYONE = ("anonymous", "ftp")


class Access(FileCommands):
    """Logging in, TLS, features."""

    failures = 0
    buffer_agreed = False

    async def greet(self, request: Request) -> None:
        """The first words."""
        self.say(220, f"Postel lab {__version__} FTP ready")

    # -- logging in ------------------------------------------------------------------------

    async def do_user(self, request: Request) -> None:
        """Who; a new USER begins anew."""
        if not self.options.allow_clear and not self.is_tls:
            raise Refused(530, "AUTH TLS first")
        name = request.argument.strip()
        self.user, self.knows = "", False
        self.name = "anonymous" if name.lower() in _ANYONE else name
        self.say(331, "and the password?")

    async def do_pass(self, request: Request) -> None:
        """The password."""
        if not self.name:
            raise Refused(503, "USER first")
        anyone = self.name == "anonymous" and self.options.anonymous
        if not anyone and not self.users.check(self.name, request.argument):
            self.failures += 1
            self.name, self.ended = "", self.failures >= MOST_FAILURES
            raise Refused(421 if self.ended else 530, "wrong user or password")
        if self.options.account is not None and not anyone:
            self.knows = True
            self.say(332, "and the account?")
            return
        self.enter()

    async def do_acct(self, request: Request) -> None:
        """The account, where the server asks for one."""
        if not self.knows:
            raise Refused(503, "USER and PASS first")
        if request.argument != self.options.account:
            raise Refused(530, "that is not the account")
        self.enter()

    def enter(self) -> None:
        """Log in."""
        self.user, self.name, self.knows = self.name, "", False
        self.say(230, f"welcome, {self.user}")

    async def do_rein(self, request: Request) -> None:
        """Begin anew."""
        self.reset()
        self.say(220, "ready for a new user")

    async def do_quit(self, request: Request) -> None:
        """Leave."""
        self.ended = True
        self.say(221, "bye")

    async def do_host(self, request: Request) -> None:
        """RFC 7151: every name leads to the same files here."""
        if self.user or self.name:
            raise Refused(503, "HOST comes before USER")
        self.say(220, f"this is {request.argument.strip() or 'the lab'}")

    # -- TLS -------------------------------------------------------------------------------

    async def do_auth(self, request: Request) -> None:
        """RFC 4217 section 4; whoever was logged in no longer is."""
        if request.argument.strip().upper() not in ("TLS", "TLS-C", "SSL", "TLS-P"):
            raise Refused(504, "TLS it is, or nothing")
        if self.server.tls is None:
            raise Refused(431, "no TLS to be had")
        if self.is_tls:
            raise Refused(503, "TLS it is already")
        self.say(234, "begin TLS")
        await self.flush()
        self.wire.end_of_clear_text()
        await self.stream.start_tls(self.server.tls, None, server_side=True)
        self.reset()

    async def do_pbsz(self, request: Request) -> None:
        """RFC 4217 section 8: a formality before PROT."""
        if not self.is_tls:
            raise Refused(503, "AUTH TLS first")
        if not (request.argument.isascii() and request.argument.isdigit()):
            raise Refused(501, "how much?")
        self.buffer_agreed = True
        self.say(200, "PBSZ=0")

    async def do_prot(self, request: Request) -> None:
        """RFC 4217 section 9: clear or private."""
        level = request.argument.strip().upper()
        if not self.is_tls or not self.buffer_agreed:
            raise Refused(503, "PBSZ first")
        if level not in ("C", "P"):
            raise Refused(536 if level in ("S", "E") else 504, "C or P")
        if level == "C" and not self.options.allow_clear:
            raise Refused(534, "data must be protected")
        self.private = level == "P"
        self.say(200, f"protection is {level}")

    async def do_ccc(self, request: Request) -> None:
        """RFC 4217 section 5: the control connection goes on in the clear."""
        if not self.is_tls:
            raise Refused(533, "it is clear already")
        if not self.options.allow_clear:
            raise Refused(534, "commands must be protected")
        self.say(200, "TLS ends here")
        await self.flush()
        await self.stream.end_tls()

    # -- what the server can do ------------------------------------------------------------

    async def do_feat(self, request: Request) -> None:
        """RFC 2389 section 3."""
        self.say(211, "Features:", *self.features(), "End")

    def features(self) -> list[str]:
        """The lines of FEAT."""
        marked = "".join(f"{fact}{'*' if fact in self.facts else ''};" for fact in listing.FACTS)
        hashes = ";".join(f"{name}{'*' if name == self.algorithm else ''}" for name in DIGESTS)
        lines = ["AVBL", "CLNT", "EPRT", "EPSV", f"HASH {hashes}", "HOST", "LANG en", "MDTM",
                 "MFMT", f"MLST {marked}", "MODE Z", "REST STREAM", "SIZE", "TVFS", "UTF8",
                 "XCRC", "XMD5", "XSHA1", "XSHA256", "XSHA512"]
        if self.server.tls is not None:
            lines += ["AUTH TLS", "CCC", "PBSZ", "PROT"]
        return [line for line in lines if not self.lacks(line)]

    def lacks(self, line: str) -> bool:
        """Whether a quirk has removed a command or feature."""
        word = line.split(" ", 1)[0]
        if word == "UTF8":
            return self.has("latin-1 names")
        return self.has(f"no {'MLSD' if word == 'MLST' else word}")

    async def do_opts(self, request: Request) -> None:
        """RFC 2389 section 4."""
        verb, _, rest = request.argument.partition(" ")
        if verb.upper() == "UTF8" and not self.has("latin-1 names"):
            self.say(200, "UTF-8 it is, always")
        elif verb.upper() == "MLST" and not self.has("no MLSD"):
            wanted = [fact.strip().lower() for fact in rest.split(";")]
            self.facts = tuple(fact for fact in listing.FACTS if fact in wanted)
            chosen = "".join(f"{fact};" for fact in self.facts)
            self.say(200, f"MLST OPTS {chosen}".rstrip())
        elif verb.upper() == "HASH":
            self.opts_hash(rest)
        else:
            raise Refused(501, "no such option")

    async def do_lang(self, request: Request) -> None:
        """RFC 2640 section 4."""
        if request.argument.strip().lower() not in ("", "en", "en-gb", "en-us"):
            raise Refused(504, "English is spoken here")
        self.say(200, "English")

    async def do_clnt(self, request: Request) -> None:
        """The client tells its name."""
        self.say(200, "noted")

    async def do_syst(self, request: Request) -> None:
        """How LIST looks."""
        self.say(215, "UNIX Type: L8")

    async def do_noop(self, request: Request) -> None:
        """Nothing."""
        self.say(200, "here")

    async def do_help(self, request: Request) -> None:
        """The commands."""
        self.say(214, "Commands:", *self.verbs(), "End")

    def verbs(self) -> list[str]:
        """The commands, some a line."""
        raise NotImplementedError
