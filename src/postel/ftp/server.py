"""The lab's FTP server: everything the client speaks, on the same grammar.

Service code (RFC 959, 1123, 2228, 2389, 2428, 2577, 2640, 3659, 4217, 7151). This file has the
server and the table of its commands; how one connection runs is in `server_session`, and each
family of commands has its file.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable

from ..serving.faults import Faults
from ..serving.files import ServedFiles
from ..serving.server import IDLE, Server, Users, Watcher
from ..transport.socket_async import AsyncSocketStream
from .server_access import Access
from .server_session import QUIRKS, FTPOptions, Refused
from .wire import Request

__all__ = ["QUIRKS", "FTPOptions", "FTPServer"]


class FTPServer(Server):
    """Serves a tree of files.

    Args:
        users: who may log in, and write.
        files: what is served, to all the same.
        options: how to behave; may be changed while it runs.
        host: address to listen on; IPv4 or IPv6.
        port: 0 takes a free one.
        tls: context with the server's certificate.
        implicit: TLS from the first byte (data channels are then private without PROT).
        faults: what to do wrong, and when.
        watcher: told of traffic.
        idle: seconds that a client may keep silent.
    """

    name = "ftp"

    def __init__(
        self,
        users: Users,
        files: ServedFiles,
        options: FTPOptions | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        faults: Faults | None = None,
        watcher: Watcher | None = None,
        idle: float = IDLE,
    ) -> None:
        super().__init__(host=host, port=port, tls=tls, implicit=implicit, faults=faults,
                         watcher=watcher, idle=idle)
        self.users, self.files = users, files
        self.options = options or FTPOptions()

    async def serve(self, stream: AsyncSocketStream) -> None:
        """Greet, answer, and let go of the data port whatever happens."""
        session = _Session(self, stream, self.users, self.files, self.options)
        try:
            await session.run()
        finally:
            session.drop_opening()


class _Session(Access):
    """One connection: the families of commands, and who may give which."""

    async def dispatch(self, request: Request) -> None:
        handler, state = _VERBS.get(request.verb, (None, ""))
        if handler is None or self.lacks(request.verb):
            raise Refused(500, "unknown command")
        if state == "in" and not self.user:
            raise Refused(530, "log in first")
        await handler(self, request)

    def verbs(self) -> list[str]:
        known = [verb for verb in _VERBS if not self.lacks(verb) and verb != "GREETING"]
        return [" ".join(known[at : at + 8]) for at in range(0, len(known), 8)]


_Handler = Callable[[_Session, Request], Awaitable[None]]
_VERBS: dict[str, tuple[_Handler, str]] = {
    "ABOR": (_Session.do_abor, "in"),
    "ACCT": (_Session.do_acct, ""),
    "ALLO": (_Session.do_allo, "in"),
    "APPE": (_Session.do_appe, "in"),
    "AUTH": (_Session.do_auth, ""),
    "AVBL": (_Session.do_avbl, "in"),
    "CCC": (_Session.do_ccc, ""),
    "CDUP": (_Session.do_cdup, "in"),
    "CLNT": (_Session.do_clnt, ""),
    "CWD": (_Session.do_cwd, "in"),
    "DELE": (_Session.do_dele, "in"),
    "EPRT": (_Session.do_eprt, "in"),
    "EPSV": (_Session.do_epsv, "in"),
    "FEAT": (_Session.do_feat, ""),
    "GREETING": (_Session.greet, ""),
    "HASH": (_Session.do_hash, "in"),
    "HELP": (_Session.do_help, ""),
    "HOST": (_Session.do_host, ""),
    "LANG": (_Session.do_lang, ""),
    "LIST": (_Session.do_list, "in"),
    "MDTM": (_Session.do_mdtm, "in"),
    "MFMT": (_Session.do_mfmt, "in"),
    "MKD": (_Session.do_mkd, "in"),
    "MLSD": (_Session.do_mlsd, "in"),
    "MLST": (_Session.do_mlst, "in"),
    "MODE": (_Session.do_mode, "in"),
    "NLST": (_Session.do_nlst, "in"),
    "NOOP": (_Session.do_noop, ""),
    "OPTS": (_Session.do_opts, ""),
    "PASS": (_Session.do_pass, ""),
    "PASV": (_Session.do_pasv, "in"),
    "PBSZ": (_Session.do_pbsz, ""),
    "PORT": (_Session.do_port, "in"),
    "PROT": (_Session.do_prot, ""),
    "PWD": (_Session.do_pwd, "in"),
    "QUIT": (_Session.do_quit, ""),
    "REIN": (_Session.do_rein, ""),
    "REST": (_Session.do_rest, "in"),
    "RETR": (_Session.do_retr, "in"),
    "RMD": (_Session.do_rmd, "in"),
    "RNFR": (_Session.do_rnfr, "in"),
    "RNTO": (_Session.do_rnto, "in"),
    "SITE": (_Session.do_site, "in"),
    "SIZE": (_Session.do_size, "in"),
    "STAT": (_Session.do_stat, "in"),
    "STOR": (_Session.do_stor, "in"),
    "STOU": (_Session.do_stou, "in"),
    "STRU": (_Session.do_stru, "in"),
    "SYST": (_Session.do_syst, ""),
    "TYPE": (_Session.do_type, "in"),
    "USER": (_Session.do_user, ""),
    "XCRC": (_Session.do_digest, "in"),
    "XCUP": (_Session.do_cdup, "in"),
    "XCWD": (_Session.do_cwd, "in"),
    "XMD5": (_Session.do_digest, "in"),
    "XMKD": (_Session.do_mkd, "in"),
    "XPWD": (_Session.do_pwd, "in"),
    "XRMD": (_Session.do_rmd, "in"),
    "XSHA": (_Session.do_digest, "in"),
    "XSHA1": (_Session.do_digest, "in"),
    "XSHA256": (_Session.do_digest, "in"),
    "XSHA512": (_Session.do_digest, "in"),
}
