"""``postel serve``: a folder or an application, for others to reach, until Ctrl-C.

The servers are the lab's. What is safe is the default: this machine only, nothing may be changed,
and whoever may change something must log in.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import re
import secrets
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from ..urls import is_local
from ..wire.text import display

if TYPE_CHECKING:
    from ..lab.certificates import Authority
    from ..serving.server import Users

__all__ = ["command"]

GUEST = "guest"
PORTS = {"http": 8000, "https": 8443, "webdav": 8000, "webdavs": 8443, "ftp": 2121, "sftp": 2222,
         "imap": 1143, "imaps": 1993, "nntp": 1119, "nntps": 1563}
"""Where one server of a kind is expected; nobody needs to be root for these."""

_APPLICATION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*(\(\))?")


@dataclass
class _Plan:
    """What is to be served, and to whom."""

    what: str
    protocol: str
    bind: str
    port: int | None
    tls: bool
    write: bool
    anyone: bool
    user: str | None
    index: str
    quiet: bool
    password: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.anyone and self.protocol not in ("http", "webdav"):
            raise UsageError(f"--anyone: {self.protocol} has no such thing",
                             hint="it is for --http and --webdav")
        if self.user is None and not self.anyone and (
                self.write or self.protocol in ("sftp", "imap")):
            self.user = GUEST
        if self.user is not None:
            self.password = os.environ.get("POSTEL_PASSWORD") or secrets.token_urlsafe(9)

    @property
    def scheme(self) -> str:
        """As it stands in the URL."""
        secure = self.tls and self.protocol in ("http", "webdav", "imap", "nntp")
        return f"{self.protocol}s" if secure else self.protocol

    @property
    def private(self) -> bool:
        """Whether even reading needs a log-in."""
        return self.user not in (None, GUEST) or self.protocol in ("sftp", "imap")


@click.command("serve")
@click.argument("what", default=".", metavar="[FOLDER|MODULE:APP]")
@click.option("--http", "protocol", flag_value="http", default=True, help="By HTTP (default).")
@click.option("--webdav", "protocol", flag_value="webdav", help="By WebDAV.")
@click.option("--ftp", "protocol", flag_value="ftp", help="By FTP.")
@click.option("--sftp", "protocol", flag_value="sftp", help="By SFTP.")
@click.option("--imap", "protocol", flag_value="imap",
              help="A Maildir, by IMAP.")
@click.option("--nntp", "protocol", flag_value="nntp",
              help="A news spool or an mbox file, by NNTP.")
@click.option("--tls", is_flag=True,
              help="Encrypted only, with a certificate of an authority made for this run.")
@click.option("--bind", default="127.0.0.1", show_default=True, metavar="ADDRESS",
              help="Listen on this address; 0.0.0.0 is every network.")
@click.option("--port", type=click.IntRange(0, 65535),
              help="Listen on this port; 0 takes a free one.")
@click.option("--write", is_flag=True, help="Let those who log in change what is there.")
@click.option("--anyone", is_flag=True, help="With --write: no log-in is needed.")
@click.option("--user", metavar="NAME",
              help="Let in only NAME; the password is POSTEL_PASSWORD, or made up and shown.")
@click.option("--index", default="nginx", show_default=True, metavar="STYLE",
              help="Whose index pages: apache, caddy, lighttpd, nginx, nginx-json or python.")
@click.option("-q", "--quiet", is_flag=True, help="Do not show requests.")
def command(**options: Any) -> None:
    """Serve a folder, a Maildir, or a WSGI or ASGI application, until Ctrl-C.

    Symbolic links are not followed, and nothing outside the folder can be reached. Without --write
    nothing is changed. An application is named as MODULE:APP, and gets all requests.
    """
    plan = _Plan(**options)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(plan))
    click.echo("\nNothing is served any more.")


async def _run(plan: _Plan) -> None:
    from ..lab.certificates import Authority

    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    with contextlib.suppress(NotImplementedError):  # Windows
        loop.add_signal_handler(signal.SIGTERM, ended.set)
    with tempfile.TemporaryDirectory(prefix="postel-serve-") as folder:
        authority = Authority(Path(folder), _names(plan.bind)) if plan.tls else None
        server, mounts = await _server(plan, authority)
        try:
            await server.start()
        except OSError as error:
            raise _not_there(plan, error) from None
        try:
            for line in _welcome(plan, server.port, authority):
                click.echo(line)
            await ended.wait()
        finally:
            await server.stop()
            if mounts is not None:
                await mounts.stop()


def _not_there(plan: _Plan, error: OSError) -> UsageError:
    port = plan.port if plan.port is not None else PORTS[plan.scheme]
    hint = "--port 0 takes a free one" if error.errno == errno.EADDRINUSE else ""
    return UsageError(f"listen on {plan.bind} port {port}: {error.strerror}", hint=hint)


async def _server(plan: _Plan, authority: Authority | None) -> tuple[Any, Any]:
    """The server, and who is told when it ends."""
    from ..serving.folder import FolderFiles
    from ..serving.server import Users

    users = Users({plan.user: plan.password} if plan.user is not None else {})
    common: dict[str, Any] = {
        "host": plan.bind, "port": PORTS[plan.scheme] if plan.port is None else plan.port,
        "watcher": None if plan.quiet else _watch}
    application = None if Path(plan.what).is_dir() else _APPLICATION.fullmatch(plan.what)
    if plan.protocol == "imap":
        return _mail(plan, users, authority, common), None
    if plan.protocol == "nntp":
        return _news(plan, users, authority, common), None
    files = None if application else FolderFiles(plan.what, writable=plan.write)
    if plan.protocol == "sftp":
        from ..sftp.server import SFTPServer

        return SFTPServer(users, _folder(files, plan), **common), None
    tls = authority.server() if authority is not None else None
    if plan.protocol == "ftp":
        from ..ftp.server import FTPOptions, FTPServer

        options = FTPOptions(anonymous=not plan.private, allow_clear=tls is None,
                             require_reuse=False)
        return FTPServer(users, _folder(files, plan), options, tls=tls, **common), None
    return await _web(plan, users, files, {**common, "tls": tls, "implicit": tls is not None})


def _news(plan: _Plan, users: Users, authority: Authority | None, common: dict[str, Any]) -> Any:
    """The groups of a spool folder, or an mbox file as one group; posts live as long as this."""
    from ..nntp.server import NNTPOptions, NNTPServer, Spool

    path, spool = Path(plan.what), Spool("news.postel.invalid")
    if path.is_dir():
        count = spool.load_spool(path)
    elif path.is_file():
        count = spool.load_mbox(path, path.stem)
    else:
        raise UsageError(f"serve {plan.what} by NNTP: it is not there")
    if not count:
        raise UsageError(f"serve {plan.what} by NNTP: no article was found",
                         hint="a spool has a folder for each group, comp.lang.c or comp/lang/c, "
                              "and a file for each article, named by its number")
    options = NNTPOptions(
        auth="require" if plan.private else "optional", feeding=False, zipped=False,
        posting="users" if plan.write else "none", clear_passwords=is_local(plan.bind))
    tls = authority.server() if authority is not None else None
    return NNTPServer(users, spool, options, tls=tls, implicit=tls is not None, **common)


def _mail(plan: _Plan, users: Users, authority: Authority | None, common: dict[str, Any]) -> Any:
    """A Maildir, for one user; its folders are those whose names begin with a dot."""
    from ..imap.server import IMAPOptions, IMAPServer
    from ..serving.mail_maildir import MaildirKeeper
    from ..serving.mail_store import MailStore

    path = Path(plan.what)
    if not all((path / name).is_dir() for name in ("cur", "new")):
        raise UsageError(f"serve {plan.what} by IMAP: it is no Maildir",
                         hint="a Maildir has the folders cur, new and tmp; postel mail mailbox "
                              "convert makes one")
    keeper = MaildirKeeper(path, writable=plan.write)
    store = MailStore(plan.user or GUEST, keeper=keeper)
    tls = authority.server() if authority is not None else None
    options = IMAPOptions(read_only=not plan.write,
                          allow_clear=tls is not None or is_local(plan.bind))
    return IMAPServer(users, {plan.user: store}.get, options=options, tls=tls,
                      implicit=tls is not None, **common)


def _folder(files: Any, plan: _Plan) -> Any:
    if files is None:
        raise UsageError(f"{plan.what}: an application is served by HTTP")
    return files


async def _web(plan: _Plan, users: Users, files: Any, common: dict[str, Any]) -> tuple[Any, Any]:
    from ..http.server import INDEXES, HTTPOptions, HTTPServer
    from ..http.server_files import FilesApp
    from ..http.server_mounts import Mounts
    from ..webdav.server import DAVApp, DAVOptions, DAVServer

    if plan.index not in INDEXES:
        raise UsageError(f"--index {plan.index}: no such style",
                         hint=f"there are {', '.join(INDEXES)}")
    if files is None:
        mounts = Mounts(_nobody)
        await mounts.mount(_imported(plan.what), "/", "auto")
        return HTTPServer(mounts, HTTPOptions(server="Postel"), **common), mounts
    safe = plan.tls or is_local(plan.bind)
    settings: dict[str, Any] = {
        "auth": ("digest", "basic") if safe else ("digest",), "realm": "postel serve",
        "require": "always" if plan.private else "never" if plan.anyone else "write",
        "index": plan.index, "helpers": False, "server": "Postel",
        "hosts": ("localhost", "127.0.0.1", "[::1]", plan.bind) if is_local(plan.bind) else None}
    if plan.protocol == "webdav":
        dav = DAVOptions(**settings)
        return DAVServer(DAVApp(files, users, dav), dav, **common), None
    options = HTTPOptions(**settings)
    return HTTPServer(FilesApp(files, users, options), options, **common), None


async def _nobody(scope: Any, receive: Any, send: Any) -> None:
    raise UsageError("no application is mounted")


def _imported(name: str) -> Any:
    """The application of that name, from here or from where Python looks.

    Raises:
        UsageError: it is not there.
    """
    module, _, attribute = name.partition(":")
    made = attribute.endswith("()")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = import_module(module)
        for part in attribute.removesuffix("()").split("."):
            found = getattr(found, part)
        return found() if made else found
    except (ImportError, AttributeError) as error:
        raise UsageError(f"{name}: {error}", hint="a folder, or MODULE:APP") from error


def _names(bind: str) -> tuple[str, ...]:
    """What a certificate is for."""
    everywhere = bind in ("0.0.0.0", "::")  # noqa: S104 - asked for by name
    names = ["localhost", "127.0.0.1", "::1", socket.gethostname()]
    return tuple(dict.fromkeys([*names, *([] if everywhere else [bind])]))


def _welcome(plan: _Plan, port: int, authority: Authority | None) -> Iterator[str]:
    """Where it is, and how to get in."""
    host = plan.bind
    if host in ("0.0.0.0", "::"):  # noqa: S104
        host = socket.gethostname()
    elif authority is not None and is_local(host):
        host = "localhost"
    host = f"[{host}]" if ":" in host else host
    login = f"{plan.user}@" if plan.protocol in ("sftp", "imap") else ""
    url = f"{plan.scheme}://{login}{host}:{port}/"
    yield f"{click.style(plan.what, bold=True)} is at {click.style(url, fg='cyan')}, until Ctrl-C."
    if plan.user is not None:
        whom = "log in" if plan.private else "log in to change something"
        shown = "POSTEL_PASSWORD" if os.environ.get("POSTEL_PASSWORD") else plan.password
        yield f"  {whom} as {plan.user}, password {shown}"
    elif plan.write:
        yield "  anyone who reaches it may change it"
    if authority is not None:
        yield f"  trust   --ca {authority.file}"


def _watch(name: str, who: str, text: str) -> None:
    colour = {"C": "cyan", "S": "green", "*": "yellow"}.get(who, "white")
    click.echo(f"{click.style(f'{name:>6} {who}', fg=colour)} {display(text)}")
