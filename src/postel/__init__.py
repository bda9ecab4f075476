"""Postel: one typed API, sync and async, for the Internet's application protocols.

Everything is loaded on first use: ``import postel`` costs next to nothing.

    postel.ftp, sftp, http, pop3 …  one package per protocol, all of one shape
    postel.get, put, ls, open …     files by URL, whatever the protocol
    postel.plan, apply, mirror …    whole trees between any two URLs
    postel.send                     a message, by way of a server
    postel.aio                      the same verbs for asyncio
    postel.lab                      a local Internet: servers, names, certificates, faults
    postel.errors                   the one error tree
"""

from __future__ import annotations

from ._version import __version__

TYPE_CHECKING = False  # typing itself would be a third of what an import of postel may cost
if TYPE_CHECKING:
    from . import (
        aio,
        dns,
        errors,
        expect,
        foreign,
        ftp,
        http,
        imap,
        lab,
        local,
        mail,
        news,
        nntp,
        pop3,
        rfc,
        sftp,
        smtp,
        ssh,
        telnet,
        tftp,
        webdav,
    )
    from .mail.sending_sync import send
    from .messages.draft import Message
    from .transfer.copy_sync import copy
    from .transfer.follow_sync import follow
    from .transfer.mirror_sync import apply, check, mirror, plan
    from .transfer.opened import open  # noqa: A004 - it is one, for URLs
    from .transfer.pieces_sync import get_metalink, get_pieces
    from .transfer.sync_sync import sync
    from .transfer.verbs_sync import get, ls, mkdir, put, rename, rm, stat

__all__ = [
    "Message",
    "__version__",
    "aio",
    "apply",
    "check",
    "copy",
    "dns",
    "errors",
    "expect",
    "follow",
    "foreign",
    "ftp",
    "get",
    "get_metalink",
    "get_pieces",
    "http",
    "imap",
    "lab",
    "local",
    "ls",
    "mail",
    "mirror",
    "mkdir",
    "news",
    "nntp",
    "open",
    "plan",
    "pop3",
    "put",
    "rename",
    "rfc",
    "rm",
    "send",
    "sftp",
    "smtp",
    "ssh",
    "stat",
    "sync",
    "telnet",
    "tftp",
    "webdav",
]

_VERBS = {"verbs_sync": ("get", "ls", "mkdir", "put", "rename", "rm", "stat"),
          "mirror_sync": ("apply", "check", "mirror", "plan"), "sync_sync": ("sync",),
          "copy_sync": ("copy",), "follow_sync": ("follow",), "opened": ("open",),
          "pieces_sync": ("get_metalink", "get_pieces"), "mail.sending_sync": ("send",),
          "messages.draft": ("Message",)}
_PACKAGES = frozenset(("aio", "dns", "errors", "expect", "foreign", "ftp", "http", "imap", "lab",
                       "local", "mail", "news", "nntp", "pop3", "rfc", "sftp", "smtp", "ssh",
                       "telnet", "tftp", "webdav"))


def __getattr__(name: str) -> object:
    """Load *name* from where it lives (PEP 562)."""
    from importlib import import_module

    if name in _PACKAGES:
        return import_module(f"postel.{name}")
    for module, names in _VERBS.items():
        if name in names:
            home = module if "." in module else f"transfer.{module}"
            value = getattr(import_module(f"postel.{home}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module 'postel' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
